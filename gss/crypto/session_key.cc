#include "gss/crypto/session_key.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "gss/crypto/suite.h"

namespace gatehouse::gss {

namespace {

constexpr std::uint32_t kInitiator = 1;
constexpr std::uint32_t kCfx = 2;
constexpr std::uint32_t kAcceptorSubkey = 4;

// The blob is a copy of memory of this host: no byte order, no padding.
template <class T>
T take(rpc::Bytes& from) {
  static_assert(std::is_trivially_copyable_v<T>);
  T value;
  std::memcpy(&value, from.data(), sizeof value);
  from = from.subspan(sizeof value);
  return value;
}

constexpr std::size_t kHeader = 4 + 4 + 8 + 4;

}  // namespace

SessionKey::~SessionKey() {
  OPENSSL_cleanse(bytes.data(), bytes.size());
}

std::string_view lucid_fault_text(LucidFault f) {
  switch (f) {
    case LucidFault::truncated: return "the exported context is cut short or has unknown flags";
    case LucidFault::not_rfc4121: return "the exported context is one of RFC 1964 (DES, 3DES or RC4)";
    case LucidFault::bad_enctype: return "the exported context's encryption type is none of 17 to 20";
    case LucidFault::bad_key_size: return "the exported context's key is not as long as its encryption type's";
  }
  return "?";
}

std::expected<LucidContext, LucidFault> parse_lucid(rpc::Bytes blob) {
  if (blob.size() < kHeader) return std::unexpected(LucidFault::truncated);
  const auto flags = take<std::uint32_t>(blob);
  if ((flags & ~(kInitiator | kCfx | kAcceptorSubkey)) != 0) return std::unexpected(LucidFault::truncated);
  if ((flags & kCfx) == 0) return std::unexpected(LucidFault::not_rfc4121);
  std::expected<LucidContext, LucidFault> out;
  out->initiator = (flags & kInitiator) != 0;
  out->key.acceptor_subkey = (flags & kAcceptorSubkey) != 0;
  out->endtime = take<std::uint32_t>(blob);
  out->key.send_seq = take<std::uint64_t>(blob);
  const Suite* const suite = suite_of(take<std::uint32_t>(blob));
  if (suite == nullptr) return std::unexpected(LucidFault::bad_enctype);
  if (blob.size() != suite->key) return std::unexpected(LucidFault::bad_key_size);
  out->key.enctype = suite->enctype;
  out->key.size = blob.size();
  std::ranges::copy(blob, out->key.bytes.begin());
  return out;
}

}  // namespace gatehouse::gss
