// Guests' keys and bytes in hex, for tests.
#pragma once

#include <array>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "proxy/nfs/guest_keys.h"
#include "tests/support/catch.h"

namespace gatehouse::test {

inline std::string hex(std::span<const std::uint8_t> bytes) {
  std::string out;
  for (const std::uint8_t b : bytes) {
    out += "0123456789abcdef"[b >> 4];
    out += "0123456789abcdef"[b & 15U];
  }
  return out;
}

template <std::size_t N>
std::array<std::uint8_t, N> from_hex(const std::string& text) {
  std::array<std::uint8_t, N> out{};
  for (std::size_t i = 0; i < N; ++i)
    out[i] = static_cast<std::uint8_t>(std::stoul(text.substr(i * 2, 2), nullptr, 16));
  return out;
}

/// secret: 0, 1, 2 and so on.
inline std::array<std::uint8_t, nfs::kSecretSize> secret() {
  std::array<std::uint8_t, nfs::kSecretSize> out{};
  std::iota(out.begin(), out.end(), std::uint8_t{0});
  return out;
}

/// Keys: a guest's, from secret().
struct Keys : nfs::GuestKeys {
  explicit Keys(std::string_view guest, nfs::AesCode code = nfs::AesCode::best) {
    REQUIRE(derive(secret(), guest, code));
  }
};

}  // namespace gatehouse::test
