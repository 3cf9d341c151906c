// Bytes as the RFCs print them.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "rpc/xdr.h"

namespace gatehouse::test {

using Buffer = std::vector<std::uint8_t>;

/// hex: bytes of hexadecimal digits; everything else is skipped.
inline Buffer hex(std::string_view text) {
  Buffer out;
  int high = -1;
  for (const char c : text) {
    const std::size_t digit = std::string_view("0123456789abcdefABCDEF").find(c);
    if (digit == std::string_view::npos) continue;
    const int value = static_cast<int>(digit < 16 ? digit : digit - 6);
    if (high < 0) {
      high = value;
    } else {
      out.push_back(static_cast<std::uint8_t>(high << 4 | value));
      high = -1;
    }
  }
  return out;
}

/// text: characters as bytes.
inline Buffer text(std::string_view s) {
  return {s.begin(), s.end()};
}

/// counting: 0, 1, 2, ... as the samples of RFC 8009 have them.
inline Buffer counting(std::size_t n) {
  Buffer out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<std::uint8_t>(i);
  return out;
}

/// together: one behind the other.
inline Buffer together(std::initializer_list<rpc::Bytes> parts) {
  Buffer out;
  for (const rpc::Bytes p : parts) out.insert(out.end(), p.begin(), p.end());
  return out;
}

}  // namespace gatehouse::test
