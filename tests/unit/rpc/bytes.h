// Wire bytes for tests.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "rpc/xdr.h"

namespace gatehouse::test {

using Buffer = std::vector<std::uint8_t>;

/// words: 32-bit integers in network order.
inline Buffer words(std::initializer_list<std::uint32_t> list) {
  Buffer out;
  for (const std::uint32_t w : list)
    for (const int shift : {24, 16, 8, 0}) out.push_back(static_cast<std::uint8_t>(w >> shift));
  return out;
}

/// join: one behind the other.
inline Buffer join(std::initializer_list<Buffer> parts) {
  Buffer out;
  for (const Buffer& p : parts) out.insert(out.end(), p.begin(), p.end());
  return out;
}

inline Buffer bytes(std::string_view s) {
  return {s.begin(), s.end()};
}

/// fragment: a record mark and its bytes.
inline Buffer fragment(const Buffer& body, bool last) {
  return join({words({(last ? 0x80000000U : 0U) | static_cast<std::uint32_t>(body.size())}), body});
}

inline Buffer copy(rpc::Bytes b) {
  return {b.begin(), b.end()};
}

}  // namespace gatehouse::test
