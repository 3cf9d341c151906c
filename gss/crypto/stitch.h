// AES-CBC and the hash of a checksum over the same bytes in one pass.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "gss/crypto/hmac.h"
#include "gss/crypto/suite.h"
#include "rpc/xdr.h"

namespace gatehouse::gss {

/// Stitch: encrypts a message and hashes it at the same time. Each of the two waits for its own last result at every
/// step, so that one after the other leaves most of a core idle; together they take little longer than the slower one.
/// With the processor's AES and SHA instructions (x86-64) only; the rest of a message, and everything elsewhere, goes
/// through OpenSSL. Thread-safe once keyed. The key is wiped when it dies.
class Stitch {
 public:
  Stitch() = default;
  ~Stitch();
  Stitch(const Stitch&) = delete;
  Stitch& operator=(const Stitch&) = delete;

  /// possible: whether this processor can do it for the suite: enctypes 17 to 19.
  static bool possible(const Suite& suite);

  /// set_key: `key` is suite.key bytes; possible(suite) must hold.
  void set_key(const Suite& suite, rpc::Bytes key);

  /// keyed: whether set_key() was called.
  [[nodiscard]] bool keyed() const { return suite_ != nullptr; }

  /// encrypt: encrypts in place the first bytes of `text`, whole hash blocks, with `iv`, which becomes the IV to go on
  /// with; and hashes them into `state`, which stands between two hash blocks: the plaintext, or with
  /// suite.encrypt_then_mac the ciphertext. Returns how many bytes were done.
  std::size_t encrypt(std::span<std::uint8_t> text, Block& iv, Hmac::State& state) const;

 private:
  static constexpr std::size_t kMaxRoundKeys = 15;
  alignas(kBlock) std::array<std::uint8_t, kMaxRoundKeys * kBlock> round_keys_{};
  const Suite* suite_ = nullptr;
};

}  // namespace gatehouse::gss
