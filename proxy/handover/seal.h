// Encryption of what is saved: memory that a memfd has may be swapped out, what a pipe holds never is.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "gss/acceptors/wiped.h"
#include "rpc/xdr.h"

namespace gatehouse::handover {

/// Key: of AES-256-GCM, for one save alone. Wiped when it dies.
class Key {
 public:
  static constexpr std::size_t kSize = 32;
  Key() = default;
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;
  ~Key();
  /// fill: random bytes; false: there is no randomness.
  bool fill();
  std::array<std::uint8_t, kSize> bytes{};
};

/// kMostSealed: bytes of a whole save, sealed: some 900 000 contexts. kVersion: of its form.
inline constexpr std::size_t kMostSealed = 256U << 20;
inline constexpr std::uint32_t kVersion = 1;
/// kSealedHeader, kSealedTag: bytes before and behind what is encrypted. The header, which says the version and how
/// many bytes are encrypted, is authenticated with them.
inline constexpr std::size_t kSealedHeader = 8 + 4 + 12 + 8;
inline constexpr std::size_t kSealedTag = 16;

/// Sealer: encrypts a stream whose length is known before, and gives it on piece by piece. Not thread-safe.
class Sealer {
 public:
  /// Sink: takes the next bytes; false: it cannot.
  using Sink = std::function<bool(rpc::Bytes)>;
  Sealer(const Key& key, std::uint64_t size, Sink sink);
  ~Sealer();
  Sealer(const Sealer&) = delete;
  Sealer& operator=(const Sealer&) = delete;

  /// put: the next bytes of the stream. After a failure everything fails.
  bool put(rpc::Bytes plain);
  /// finish: true: `size` bytes were put, and all is with the sink.
  bool finish();

 private:
  struct Cipher;
  bool give(bool made, rpc::Bytes bytes);

  const std::unique_ptr<Cipher> cipher_;
  const Sink sink_;
  std::uint64_t left_;
  bool good_ = true;
};

/// OpenFault: why a sealed save is not taken.
enum class OpenFault : std::uint8_t {
  not_a_save,   ///< no header
  version,      ///< of another version of gatehoused
  size,         ///< not as long as its header says
  not_genuine,  ///< the key is another one, or a byte was changed
};
std::string_view open_fault_text(OpenFault f);

/// open: decrypts `sealed` in place; a view of what was encrypted, of which nothing may be used before this returned.
std::expected<rpc::Bytes, OpenFault> open(const Key& key, std::span<std::uint8_t> sealed);

}  // namespace gatehouse::handover
