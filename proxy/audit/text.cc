#include "proxy/audit/text.h"

namespace gatehouse::audit {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

struct Form {
  std::uint8_t mask, lead;
  std::uint32_t least;  ///< code points below it have a shorter form
};
// By the number of bytes, RFC 3629 section 3.
constexpr std::array<Form, 4> kForms = {
    {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}}};

struct Character {
  std::size_t size = 1;
  std::uint32_t point = 0;
  bool valid = false;
};

// The character that `text`, which is not empty, begins with; one byte when it begins with none.
Character first(std::string_view text) {
  const auto lead = static_cast<std::uint8_t>(text[0]);
  for (std::size_t n = 1; n <= kForms.size() && n <= text.size(); ++n) {
    const Form& form = kForms[n - 1];
    if ((lead & form.mask) != form.lead) continue;
    std::uint32_t point = lead & static_cast<std::uint8_t>(~form.mask);
    for (const char c : text.substr(1, n - 1)) {
      const auto next = static_cast<std::uint8_t>(c);
      if ((next & 0xc0U) != 0x80U) return {};
      point = point << 6 | (next & 0x3fU);
    }
    const bool surrogate = point >= 0xd800 && point <= 0xdfff;
    if (point < form.least || point > 0x10ffff || surrogate) return {};
    return {n, point, true};
  }
  return {};
}

bool harmless(std::uint32_t point) {
  const bool control = point < 0x20 || (point >= 0x7f && point < 0xa0);
  const bool layout = (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
  return !control && !layout;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character c = first(text);
    out += c.valid && harmless(c.point) ? text.substr(0, c.size) : kReplacement;
    text.remove_prefix(c.size);
  }
  return out;
}

}  // namespace gatehouse::audit
