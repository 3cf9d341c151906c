// Text of peers, bounded.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace gatehouse::audit {

/// Text: at most N bytes of a text, in place: nothing of it is on the heap. What is longer is cut before a character
/// of UTF-8 and ends in "...".
template <std::size_t N>
class Text {
 public:
  Text() = default;
  Text(std::string_view s) { *this = s; }
  Text& operator=(std::string_view s) {
    constexpr std::string_view kCut = "...";
    const bool cut = s.size() > N;
    std::size_t n = cut ? N - kCut.size() : s.size();
    while (cut && n > 0 && (static_cast<std::uint8_t>(s[n]) & 0xc0U) == 0x80U) --n;
    std::copy_n(s.data(), n, bytes_.data());
    if (cut) std::ranges::copy(kCut, bytes_.begin() + static_cast<std::ptrdiff_t>(n));
    size_ = static_cast<std::uint16_t>(cut ? n + kCut.size() : n);
    return *this;
  }

  [[nodiscard]] std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  std::uint16_t size_ = 0;
  std::array<char, N> bytes_;  // not cleared: only what `size_` says is ever read
};

/// printable: `text` as valid UTF-8 (RFC 3629) without control characters: each of these, each byte that belongs to no
/// character, and what turns the direction of text or ends a line (U+2028 to U+202E, U+2066 to U+2069) becomes U+FFFD.
std::string printable(std::string_view text);

}  // namespace gatehouse::audit
