// Contexts with a fixed key, and tokens with any header sealed by that key: what only a hostile owner of it would send.
#pragma once

#include <algorithm>
#include <memory>

#include "gss/crypto/derive.h"
#include "gss/crypto/protection.h"
#include "gss/crypto/seal.h"
#include "gss/crypto/token.h"
#include "tests/support/catch.h"
#include "tests/unit/gss/crypto/hex.h"

namespace gatehouse::test {

using gss::Protection;
using Role = Protection::Role;

inline constexpr std::uint32_t kEnctypes[] = {17, 18, 19, 20};

inline gss::SessionKey fixed_key(std::uint32_t enctype, bool acceptor_subkey = true) {
  gss::SessionKey key;
  const gss::Suite& suite = *gss::suite_of(enctype);
  key.enctype = suite.enctype;
  key.size = suite.key;
  key.acceptor_subkey = acceptor_subkey;
  for (std::size_t i = 0; i < key.size; ++i) key.bytes[i] = static_cast<std::uint8_t>(i * 11 + enctype);
  return key;
}

/// Sides: both sides of a context.
struct Sides {
  gss::SessionKey key;
  std::unique_ptr<Protection> acceptor, initiator;
  explicit Sides(std::uint32_t enctype, bool acceptor_subkey = true)
      : key(fixed_key(enctype, acceptor_subkey)),
        acceptor(Protection::make(key, Role::acceptor)),
        initiator(Protection::make(key, Role::initiator)) {
    REQUIRE(acceptor);
    REQUIRE(initiator);
  }
};

inline Buffer seal(Protection& side, const Buffer& message, std::uint64_t seq = 7) {
  Buffer token(side.wrap_head() + message.size() + side.wrap_tail());
  std::ranges::copy(message, token.begin() + static_cast<std::ptrdiff_t>(side.wrap_head()));
  REQUIRE(side.wrap(token, seq));
  return token;
}

inline Buffer sign(Protection& side, const Buffer& message, std::uint64_t seq = 7) {
  Buffer token(side.mic_size());
  REQUIRE(side.get_mic(message, seq, token));
  return token;
}

/// opened: what a copy of the token opens to; the fault otherwise.
inline std::expected<Buffer, gss::TokenFault> opened(Protection& side, Buffer token) {
  const auto plain = side.unwrap(token);
  if (!plain) return std::unexpected(plain.error());
  return Buffer(plain->begin(), plain->end());
}

/// header: of a wrap token of the initiator.
inline Buffer header(std::uint8_t flags, std::uint16_t extra, std::uint16_t rotation) {
  return {5,
          4,
          flags,
          0xff,
          static_cast<std::uint8_t>(extra >> 8),
          static_cast<std::uint8_t>(extra),
          static_cast<std::uint8_t>(rotation >> 8),
          static_cast<std::uint8_t>(rotation),
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          7};
}

/// sealed_by: a token of the initiator: the header `open`, then confounder, `inside` (as it stands) and `copy` sealed
/// with the context's key, not rotated.
inline Buffer sealed_by(const gss::SessionKey& key, const Buffer& open, const Buffer& inside, const Buffer& copy) {
  const gss::Suite& suite = *gss::suite_of(static_cast<std::uint32_t>(key.enctype));
  gss::KeyDerivation derivation;
  REQUIRE(derivation.set_key(suite, key.view()));
  Buffer ke(suite.key), ki(suite.mac_key), mac(suite.mac);
  REQUIRE(derivation.derive(24, gss::KeyKind::encryption, ke));
  REQUIRE(derivation.derive(24, gss::KeyKind::integrity, ki));
  gss::Sealer sealer;
  REQUIRE(sealer.set_keys(suite, {ke, ki}));
  Buffer data = together({Buffer(16, 0xc0), inside, copy});
  REQUIRE(sealer.seal(data, mac));
  return together({open, data, mac});
}

/// rotated: the token with its RRC set and the bytes behind its header rotated right by it.
inline Buffer rotated(Buffer token, std::size_t count) {
  token[6] = static_cast<std::uint8_t>(count >> 8);
  token[7] = static_cast<std::uint8_t>(count);
  const auto body = std::span(token).subspan(Protection::kTokenHeader);
  std::ranges::rotate(body, body.end() - static_cast<std::ptrdiff_t>(count % body.size()));
  return token;
}

}  // namespace gatehouse::test
