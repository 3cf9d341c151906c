#include "gss/acceptors/gssproxy_message.h"
#include "gss/acceptors/gssx/gssx.h"
#include "rpc/constants.h"
#include "rpc/record.h"

namespace gatehouse::gss {
namespace {

// Record mark, then a call with AUTH_NONE as credential and verifier: gssproxy knows its client by the socket alone.
constexpr std::size_t kMark = 4;
constexpr std::size_t kHead = 40;

void write_head(std::span<std::uint8_t> out, std::uint32_t xid) {
  rpc::XdrWriter w(out);
  for (const std::uint32_t word :
       {xid, rpc::kCall, rpc::kRpcVersion, std::uint32_t{GSSX_CALL_PROGRAM}, std::uint32_t{GSSX_CALL_VERSION},
        std::uint32_t{GSSX_CALL_PROCEDURE}, 0U, 0U, 0U, 0U})
    w.u32(word);
}

}  // namespace

std::vector<std::uint8_t> encode_accept_call(std::uint32_t xid, rpc::Bytes token) {
  constexpr std::size_t kBesideToken = kHead + GSSX_ARGUMENTS_BESIDE_TOKEN;
  if (token.size() > kMaxGssproxyMessage - kBesideToken) return {};
  std::vector<std::uint8_t> record(kMark + kBesideToken + token.size());
  const std::span<std::uint8_t> arguments = std::span(record).subspan(kMark + kHead);
  const std::size_t size = gssx_encode_accept(token.data(), token.size(), arguments.data(), arguments.size());
  if (size == 0) return {};
  record.resize(kMark + kHead + size);

  rpc::XdrWriter mark(record);
  mark.u32(rpc::last_fragment_mark(static_cast<std::uint32_t>(record.size() - kMark)));
  write_head(std::span(record).subspan(kMark), xid);
  return record;
}

}  // namespace gatehouse::gss
