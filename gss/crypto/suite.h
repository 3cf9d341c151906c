// What the encryption types are made of.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "gss/crypto/session_key.h"

namespace gatehouse::gss {

/// Hash: the hash function under an enctype's HMAC.
enum class Hash : std::uint8_t { sha1, sha256, sha384 };

/// Suite: sizes and order of one enctype. All sizes in bytes.
struct Suite {
  Enctype enctype;
  Hash hash;
  std::size_t key;        ///< of the protocol key and of Ke
  std::size_t mac_key;    ///< of Ki and Kc
  std::size_t mac;        ///< of a checksum, truncated
  bool encrypt_then_mac;  ///< RFC 8009: the checksum is of the ciphertext. RFC 3962: of the plaintext
};

/// kBlock: AES's block; also a confounder.
inline constexpr std::size_t kBlock = 16;
using Block = std::array<std::uint8_t, kBlock>;

/// suite_of: the suite of a number of the wire, or null for one that is not taken. Static; never freed.
const Suite* suite_of(std::uint32_t enctype);

}  // namespace gatehouse::gss
