// The call header: what is said of a part of a message never contradicts what is said of the whole, views stay inside
// it, and a header written from a parsed one parses back equal.
#include "rpc/call.h"

#include <algorithm>
#include <array>

#include "tests/fuzz/target.h"

namespace {

using namespace gatehouse;
using fuzz::expect;
using rpc::Bytes;
using rpc::CallHeader;
using rpc::HeadStatus;

bool same(const rpc::OpaqueAuth& a, const rpc::OpaqueAuth& b) {
  return a.flavor == b.flavor && std::ranges::equal(a.body, b.body);
}

bool same_target(const CallHeader& a, const CallHeader& b) {
  return a.xid == b.xid && a.program == b.program && a.version == b.version && a.procedure == b.procedure;
}

// The fields that the status promises.
bool same(HeadStatus status, const CallHeader& a, const CallHeader& b) {
  switch (status) {
    case HeadStatus::ok: return same_target(a, b) && same(a.cred, b.cred) && same(a.verf, b.verf) && a.size == b.size;
    case HeadStatus::bad_cred:
    case HeadStatus::bad_verf: return same_target(a, b);
    case HeadStatus::rpc_mismatch: return a.xid == b.xid && a.rpcvers == b.rpcvers;
    default: return true;
  }
}

void check_prefixes(Bytes message, HeadStatus status, const CallHeader& whole) {
  const std::size_t longest = std::min<std::size_t>(message.size(), rpc::kMaxCallHeader + 8);
  bool decided = false;
  for (std::size_t n = 0; n <= longest; ++n) {
    CallHeader part;
    const HeadStatus s = rpc::parse_call_head(message.first(n), false, part);
    if (s == HeadStatus::need_more) {
      expect(!decided, "what was decided stays decided when more comes");
      expect(n < rpc::kMaxCallHeader, "no header is longer than kMaxCallHeader");
      continue;
    }
    decided = true;
    expect(s != HeadStatus::malformed, "a part that may go on is not called malformed");
    expect(s == status && same(s, part, whole), "a part says what the whole says");
  }
}

// Nothing that may still come can make a header longer than kMaxCallHeader: then it is decided.
void check_decided(Bytes message) {
  std::array<std::uint8_t, 2 * rpc::kMaxCallHeader> memory{};
  std::ranges::copy(message.first(std::min<std::size_t>(message.size(), rpc::kMaxCallHeader)), memory.begin());
  CallHeader any;
  expect(rpc::parse_call_head(memory, false, any) != HeadStatus::need_more, "kMaxCallHeader bytes decide");
}

void check_truncations(Bytes message, const CallHeader& whole) {
  for (std::size_t n = 0; n < whole.size; ++n) {
    CallHeader cut;
    const HeadStatus s = rpc::parse_call_head(message.first(n), true, cut);
    expect(s == (n < 24                      ? HeadStatus::malformed
                 : s == HeadStatus::bad_cred ? s
                                             : HeadStatus::bad_verf),
           "a record that ends within its header is a fault of the record");
    if (n >= 24) expect(same_target(cut, whole), "xid to procedure are there for the rejection");
  }
}

void check_written(Bytes message, const CallHeader& call) {
  std::array<std::uint8_t, rpc::kMaxCallHeader> memory{};
  rpc::XdrWriter w(memory);
  w.raw(message.first(rpc::kCallFixed));
  rpc::write_auth(w, static_cast<rpc::AuthFlavor>(call.cred.flavor), call.cred.body);
  rpc::write_auth(w, rpc::AuthFlavor::none, {});
  expect(w.ok(), "kMaxCallHeader holds every header");
  CallHeader back;
  expect(rpc::parse_call_head(w.written(), true, back) == HeadStatus::ok, "what was written parses");
  expect(back.size == w.size() && same_target(back, call) && same(back.cred, call.cred), "and is what was written");
  expect(back.verf.is_empty_none(), "with an empty AUTH_NONE verifier");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes message(data, size);
  CallHeader whole;
  const HeadStatus status = rpc::parse_call_head(message, true, whole);
  expect(status != HeadStatus::need_more, "a whole record needs no more");
  check_prefixes(message, status, whole);
  check_decided(message);
  if (status != HeadStatus::ok) return 0;
  expect(whole.rpcvers == rpc::kRpcVersion, "only RPC version 2 is taken");
  expect(whole.size <= size && whole.size % 4 == 0 && whole.size <= rpc::kMaxCallHeader,
         "the header ends in the message");
  expect(fuzz::inside(whole.cred.body, message.first(whole.size)), "the credential lies in the header");
  expect(fuzz::inside(whole.verf.body, message.first(whole.size)), "the verifier lies in the header");
  expect(whole.cred.body.size() <= rpc::kMaxAuthBytes && whole.verf.body.size() <= rpc::kMaxAuthBytes, "within limits");
  check_truncations(message, whole);
  check_written(message, whole);
  return 0;
}
