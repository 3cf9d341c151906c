// What Stitch does with the instructions of x86-64. Elsewhere possible() is false and nothing else is called.
#pragma once

#include <cstdint>
#include <span>

#include "gss/crypto/suite.h"
#include "rpc/xdr.h"

namespace gatehouse::gss::x86 {

/// possible: whether the processor has the AES and SHA instructions.
bool possible();

/// expand_key: FIPS 197 section 5.2: a key of 16 or 32 bytes to 11 or 15 round keys of a block each.
void expand_key(rpc::Bytes key, std::span<std::uint8_t> round_keys);

/// Pass: `text`, whole blocks of 64 bytes and at least one, is encrypted in place with `iv`, which is left as the IV to
/// go on with.
struct Pass {
  std::span<const std::uint8_t> round_keys;
  std::size_t key_size;
  std::span<std::uint8_t> text;
  Block& iv;
};

/// encrypt_and_sha1: hashes the plaintext (FIPS 180-4 section 6.1) into `h`.
void encrypt_and_sha1(const Pass& pass, std::span<std::uint32_t, 5> h);

/// encrypt_then_sha256: hashes the ciphertext (FIPS 180-4 section 6.2) into `h`.
void encrypt_then_sha256(const Pass& pass, std::span<std::uint32_t, 8> h);

}  // namespace gatehouse::gss::x86
