// AES-128 (FIPS 197) of single blocks: what identifiers are made of. A block costs some 15 ns with the processor's
// instructions; through EVP it would cost five times as much.
#pragma once

#include <array>
#include <cstdint>

#include "rpc/xdr.h"

namespace gatehouse::nfs {

using AesBlock = std::array<std::uint8_t, 16>;

/// AesCode: what computes it: the processor's instructions where it has them, or OpenSSL's code without them.
enum class AesCode : std::uint8_t { best, portable };

/// Aes: one key. Thread-safe once keyed. The key is wiped when it dies.
class Aes {
 public:
  Aes() = default;
  ~Aes();
  Aes(const Aes&) = delete;
  Aes& operator=(const Aes&) = delete;

  /// set_key: `key` is 16 bytes. False: the size is another.
  [[nodiscard]] bool set_key(rpc::Bytes key, AesCode code = AesCode::best);
  [[nodiscard]] AesBlock encrypt(const AesBlock& block) const;
  [[nodiscard]] AesBlock decrypt(const AesBlock& block) const;

 private:
  static constexpr std::size_t kRoundKeys = std::size_t{11} * 16;

  bool instructions_ = false;
  // Round keys as the instructions take them, or OpenSSL's AES_KEY.
  alignas(16) std::array<std::uint8_t, 256> encrypting_{};
  alignas(16) std::array<std::uint8_t, 256> decrypting_{};
};

}  // namespace gatehouse::nfs
