// HMAC (RFC 2104) with a key that is set once and messages that cost no allocation.
#pragma once

#include <openssl/sha.h>

#include <cstdint>
#include <span>

#include "gss/crypto/suite.h"
#include "rpc/xdr.h"

namespace gatehouse::gss {

/// Hmac: one key's HMAC. Thread-safe once keyed: a message's state is the caller's. The key's states are wiped when it
/// dies.
class Hmac {
 public:
  static constexpr std::size_t kMaxSize = SHA384_DIGEST_LENGTH;  ///< bytes of the longest checksum

  /// State: the hash of one message in the making; a plain value. The hash decides which member is in use.
  union State {
    SHA_CTX sha1;
    SHA256_CTX sha256;
    SHA512_CTX sha384;
  };

  Hmac() = default;
  ~Hmac();
  Hmac(const Hmac&) = delete;
  Hmac& operator=(const Hmac&) = delete;

  /// set_key: `key` is at most 64 bytes; `prefix` goes before every message (RFC 8009 section 5: the cipher state).
  /// False: OpenSSL does not give the hash.
  [[nodiscard]] bool set_key(Hash hash, rpc::Bytes key, rpc::Bytes prefix = {});

  /// begin: the state of a new message.
  [[nodiscard]] State begin() const { return inner_; }
  /// add: the message goes on with `piece`.
  void add(State& state, rpc::Bytes piece) const;
  /// finish: writes the checksum of the message, whose last piece is `last`, truncated to `mac`, at most the hash's
  /// size; `state` is used up. One that is truncated stays behind on the stack whole.
  void finish(State& state, std::span<std::uint8_t> mac, rpc::Bytes last = {}) const;

  /// matches: whether `mac`, at most the hash's size, is the checksum of the message, whose last piece is `last`, in a
  /// time that does not tell where they differ; `state` is used up.
  [[nodiscard]] bool matches(State& state, rpc::Bytes mac, rpc::Bytes last = {}) const;

 private:
  Hash hash_ = Hash::sha1;
  State inner_{};
  State outer_{};
};

}  // namespace gatehouse::gss
