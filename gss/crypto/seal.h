// Encryption with a checksum, as the enctypes have it (RFC 3961 section 5.3, RFC 8009 section 5), in place.
#pragma once

#include <cstdint>
#include <span>

#include "gss/crypto/cts.h"
#include "gss/crypto/hmac.h"
#include "gss/crypto/stitch.h"
#include "gss/crypto/suite.h"
#include "rpc/xdr.h"

namespace gatehouse::gss {

/// SealKeys: Ke and Ki of one direction; derived_size() bytes each.
struct SealKeys {
  rpc::Bytes encryption;
  rpc::Bytes integrity;
};

/// Sealer: encrypts and makes checksums under keys that are set once. Belongs to one thread.
class Sealer {
 public:
  /// set_keys: the suite outlives this. `stitched` false: always through OpenSSL, where one pass would do. False:
  /// OpenSSL refuses.
  [[nodiscard]] bool set_keys(const Suite& suite, const SealKeys& keys, bool stitched = true);

  /// seal: `text`, a confounder and what follows it, becomes ciphertext, and `mac` (suite.mac bytes, not part of
  /// `text`) its checksum. False: text is shorter than a block, or OpenSSL failed.
  [[nodiscard]] bool seal(std::span<std::uint8_t> text, std::span<std::uint8_t> mac);

 private:
  bool begin(std::span<std::uint8_t>& text, Hmac::State& state);

  const Suite* suite_ = nullptr;
  CtsEncryptor cipher_;
  Hmac mac_;
  Stitch stitch_;
};

/// Opener: the reverse of Sealer. Belongs to one thread.
class Opener {
 public:
  /// set_keys: the suite outlives this. False: OpenSSL refuses.
  [[nodiscard]] bool set_keys(const Suite& suite, const SealKeys& keys);

  /// open: `text` becomes what was sealed if `mac` is its checksum. Otherwise false, and `text` is still ciphertext or
  /// wiped.
  [[nodiscard]] bool open(std::span<std::uint8_t> text, rpc::Bytes mac);

 private:
  bool decrypt_then_verify(std::span<std::uint8_t> text, rpc::Bytes mac);
  bool verify_then_decrypt(std::span<std::uint8_t> text, rpc::Bytes mac);

  const Suite* suite_ = nullptr;
  CtsDecryptor cipher_;
  Hmac mac_;
};

}  // namespace gatehouse::gss
