// Keys of a purpose from the protocol key: RFC 3961 section 5.1 with RFC 3962; RFC 8009 section 3.
#pragma once

#include <cstdint>
#include <span>

#include "gss/crypto/cts.h"
#include "gss/crypto/hmac.h"
#include "gss/crypto/suite.h"
#include "rpc/xdr.h"

namespace gatehouse::gss {

/// KeyKind: what a derived key is for; the last byte of the constant that it comes from.
enum class KeyKind : std::uint8_t {
  checksum = 0x99,    ///< Kc
  encryption = 0xaa,  ///< Ke
  integrity = 0x55,   ///< Ki
};

/// n_fold: stretches or shrinks `in` (not empty) to out.size() bytes (RFC 3961 section 5.1).
void n_fold(rpc::Bytes in, std::span<std::uint8_t> out);

/// derived_size: bytes of a key of that kind.
constexpr std::size_t derived_size(const Suite& suite, KeyKind kind) {
  return kind == KeyKind::encryption ? suite.key : suite.mac_key;
}

/// KeyDerivation: makes the keys of all purposes from one protocol key. Belongs to one thread. The key is wiped when it
/// dies.
class KeyDerivation {
 public:
  /// set_key: `base` is suite.key bytes; the suite outlives this. False: the size is another, or OpenSSL refuses.
  [[nodiscard]] bool set_key(const Suite& suite, rpc::Bytes base);

  /// from_constant: fills `out` with the key that `constant` leads to: DK of RFC 3961 (whole blocks), KDF of RFC
  /// 8009 (at most the hash's size). The caller wipes it. False: other sizes, or OpenSSL failed.
  [[nodiscard]] bool from_constant(rpc::Bytes constant, std::span<std::uint8_t> out);

  /// derive: writes the key of `usage` and `kind`, exactly derived_size() bytes; the caller wipes it. False: the size
  /// is another, or OpenSSL failed.
  [[nodiscard]] bool derive(std::uint32_t usage, KeyKind kind, std::span<std::uint8_t> out);

 private:
  bool by_folding(rpc::Bytes constant, std::span<std::uint8_t> out);
  void by_hmac(rpc::Bytes constant, std::span<std::uint8_t> out) const;

  const Suite* suite_ = nullptr;
  Cbc cipher_;
  Hmac hmac_;
};

}  // namespace gatehouse::gss
