// AES-CMAC (RFC 4493).
#pragma once

#include "proxy/nfs/aes.h"

namespace gatehouse::nfs {

/// Cmac: one key's. Thread-safe once keyed.
class Cmac {
 public:
  Cmac() = default;
  ~Cmac();
  Cmac(const Cmac&) = delete;
  Cmac& operator=(const Cmac&) = delete;

  /// set_key: `key` is 16 bytes. False: the size is another.
  [[nodiscard]] bool set_key(rpc::Bytes key, AesCode code = AesCode::best);
  [[nodiscard]] AesBlock of(rpc::Bytes message) const;

 private:
  Aes aes_;
  AesBlock whole_{};   ///< K1: for a last block that is full
  AesBlock padded_{};  ///< K2
};

}  // namespace gatehouse::nfs
