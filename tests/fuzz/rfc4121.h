// How an input of the fuzz target rfc4121 is laid out, for the target and for what records its seeds.
#pragma once

#include <cstdint>
#include <vector>

#include "gss/crypto/protection.h"

namespace gatehouse::fuzz::rfc4121 {

/// Kind: what is done with a token.
enum class Kind : std::uint8_t {
  mic,     ///< verify_mic of the message that goes before it
  unwrap,  ///< unwrap
  seal,    ///< it is a header and what is to be sealed behind a confounder with the right key, rotated as the header
           ///< says; then unwrap
};

/// encode: one byte of enctype (two bits), receiver (one) and kind (two); the message's length in two bytes, and the
/// message; the token.
inline std::vector<std::uint8_t> encode(std::uint32_t enctype, Kind kind, gss::Protection::Role receiver,
                                        rpc::Bytes message, rpc::Bytes token) {
  const unsigned role = receiver == gss::Protection::Role::initiator ? 4 : 0;
  std::vector<std::uint8_t> out{static_cast<std::uint8_t>((enctype - 17) | role | static_cast<unsigned>(kind) << 3),
                                static_cast<std::uint8_t>(message.size() >> 8),
                                static_cast<std::uint8_t>(message.size())};
  out.insert(out.end(), message.begin(), message.end());
  out.insert(out.end(), token.begin(), token.end());
  return out;
}

}  // namespace gatehouse::fuzz::rfc4121
