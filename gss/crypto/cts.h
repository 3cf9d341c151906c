// AES in CBC mode with ciphertext stealing, variant CS3 (RFC 3962 section 5), in place.
#pragma once

#include <openssl/evp.h>

#include <cstdint>
#include <memory>
#include <span>

#include "gss/crypto/suite.h"
#include "rpc/xdr.h"

namespace gatehouse::gss {

/// Cbc: AES-CBC over whole blocks, in place, on a cipher that is keyed once. Belongs to one thread.
///
/// OpenSSL takes longer to set an IV (130 ns) than to encrypt a short message, so it is never set: the cipher goes on
/// from wherever the last message left it, and the first block is XORed with the difference to the IV that is wanted.
class Cbc {
 public:
  enum class Direction : std::uint8_t { encrypt, decrypt };

  /// set_key: 16 or 32 bytes. False: OpenSSL refuses.
  [[nodiscard]] bool set_key(rpc::Bytes key, Direction direction);

  /// encrypt, decrypt: `blocks` (whole blocks, at least one) with `iv`, which becomes the IV to go on with. False:
  /// OpenSSL failed.
  [[nodiscard]] bool encrypt(std::span<std::uint8_t> blocks, Block& iv);
  [[nodiscard]] bool decrypt(std::span<std::uint8_t> blocks, Block& iv);

 private:
  bool update(std::span<std::uint8_t> blocks);

  struct Free {
    void operator()(EVP_CIPHER_CTX* c) const { EVP_CIPHER_CTX_free(c); }  // wipes the key schedule
  };
  std::unique_ptr<EVP_CIPHER_CTX, Free> cipher_;
  Block chain_{};  // the IV that the cipher would go on with
};

/// CtsEncryptor: seals messages piece by piece: begin, more (whole blocks) as often as you like, finish with the rest:
/// at least two blocks, or the whole message. The IV of each message is zero. Belongs to one thread.
class CtsEncryptor {
 public:
  [[nodiscard]] bool set_key(rpc::Bytes key) { return cbc_.set_key(key, Cbc::Direction::encrypt); }
  void begin() { iv_ = {}; }
  [[nodiscard]] bool more(std::span<std::uint8_t> blocks) { return cbc_.encrypt(blocks, iv_); }
  /// finish: at least kBlock bytes; false when they are fewer, or OpenSSL failed.
  [[nodiscard]] bool finish(std::span<std::uint8_t> rest);

  /// iv: the IV to go on with, for who encrypts some blocks of the message by other means.
  Block& iv() { return iv_; }

 private:
  Cbc cbc_;
  Block iv_{};
};

/// CtsDecryptor: opens messages piece by piece, as CtsEncryptor seals them.
class CtsDecryptor {
 public:
  [[nodiscard]] bool set_key(rpc::Bytes key) { return cbc_.set_key(key, Cbc::Direction::decrypt); }
  void begin() { iv_ = {}; }
  [[nodiscard]] bool more(std::span<std::uint8_t> blocks) { return cbc_.decrypt(blocks, iv_); }
  /// finish: at least kBlock bytes; false when they are fewer, or OpenSSL failed.
  [[nodiscard]] bool finish(std::span<std::uint8_t> rest);

 private:
  Cbc cbc_;
  Block iv_{};
};

}  // namespace gatehouse::gss
