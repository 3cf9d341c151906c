// The key of an established context, as an acceptor hands it over.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string_view>

#include "rpc/xdr.h"

namespace gatehouse::gss {

/// Enctype: the encryption types that are taken (RFC 3962: 17, 18; RFC 8009: 19, 20). DES, 3DES, RC4 and Camellia are
/// not.
enum class Enctype : std::uint32_t { aes128_sha1 = 17, aes256_sha1 = 18, aes128_sha256 = 19, aes256_sha384 = 20 };

/// SessionKey: the protocol key of an established context and what goes with it. Wiped when it dies. Not thread-safe.
struct SessionKey {
  static constexpr std::size_t kMaxBytes = 32;

  Enctype enctype = Enctype::aes256_sha1;
  std::array<std::uint8_t, kMaxBytes> bytes{};
  std::size_t size = 0;
  bool acceptor_subkey = false;  ///< the key is the acceptor's: tokens say so (RFC 4121 section 4.2.2)
  std::uint64_t send_seq = 0;    ///< number of the first token that this side makes

  SessionKey() = default;
  SessionKey(const SessionKey&) = default;
  SessionKey& operator=(const SessionKey&) = default;
  ~SessionKey();

  [[nodiscard]] rpc::Bytes view() const { return {bytes.data(), size}; }
};

/// LucidContext: what `linux_lucid_v1` carries.
struct LucidContext {
  SessionKey key;
  bool initiator = false;
  std::uint32_t endtime = 0;  ///< seconds since 1970, of the ticket; unsigned
};

/// LucidFault: why a blob is not taken.
enum class LucidFault : std::uint8_t {
  truncated,     ///< shorter than its header, or flags that no RFC 4121 context has
  not_rfc4121,   ///< a context of RFC 1964 (DES, 3DES, RC4)
  bad_enctype,   ///< none of Enctype
  bad_key_size,  ///< the key is not as long as its enctype's
};
std::string_view lucid_fault_text(LucidFault f);

/// parse_lucid: decodes gssproxy's `linux_lucid_v1`: host byte order, packed: u32 flags (1 initiator, 2 CFX, 4 acceptor
/// subkey), u32 endtime, u64 send_seq, u32 enctype, the raw key to the end.
std::expected<LucidContext, LucidFault> parse_lucid(rpc::Bytes blob);

}  // namespace gatehouse::gss
