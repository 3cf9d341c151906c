#include "proxy/audit/text.h"

#include <utility>

#include "tests/support/catch.h"

using gatehouse::audit::printable;
using gatehouse::audit::Text;

namespace {

const std::string kBad = "\xef\xbf\xbd";

}  // namespace

TEST_CASE("a text keeps what fits, whole [L6]") {
  CHECK(Text<8>().view().empty());
  CHECK(Text<8>("12345678").view() == "12345678");
  CHECK(Text<8>(std::string_view("a\0b", 3)).view() == std::string_view("a\0b", 3));
}

TEST_CASE("a text that is too long is cut before a character, and says so [L6]") {
  CHECK(Text<8>("123456789").view() == "12345...");
  CHECK(Text<8>("1234\xc3\xbc-56").view() == "1234...");
  CHECK(Text<8>("123\xe2\x82\xac-56").view() == "123...");
  // Nothing but continuation bytes: no character to cut before.
  CHECK(Text<8>(std::string(20, '\x80')).view() == "...");
}

TEST_CASE("UTF-8 passes as it is [L6]") {
  for (const std::string good :
       {"", "alice@EXAMPLE.COM", "m\xc3\xbcller", "\xe2\x82\xac", "\xf0\x9f\x94\x91", "\xf4\x8f\xbf\xbf"})
    CHECK(printable(good) == good);
}

TEST_CASE("what is no UTF-8 is replaced, and nothing behind it swallowed [L6]") {
  const std::pair<std::string, std::string> cases[] = {
      {"\xff", kBad},
      {"a\x80z", "a" + kBad + "z"},
      {"\xc3", kBad},  // the text ends in the middle of a character
      {"\xe2\x82", kBad + kBad},
      {"\xc3(", kBad + "("},
      {"\xc0\xaf", kBad + kBad},  // longer than need be: "/"
      {"\xe0\x80\xaf", kBad + kBad + kBad},
      {"\xed\xa0\x80", kBad + kBad + kBad},             // a surrogate
      {"\xf4\x90\x80\x80", kBad + kBad + kBad + kBad},  // beyond U+10FFFF
      {"\xf8\x88\x80\x80\x80", kBad + kBad + kBad + kBad + kBad},
  };
  for (const auto& [from, to] : cases) CHECK(printable(from) == to);
}

TEST_CASE("what ends a line, moves a cursor or turns text round is replaced [L6]") {
  for (const std::string_view bad :
       {std::string_view("\0", 1), std::string_view("\n"), std::string_view("\r"), std::string_view("\x1b"),
        std::string_view("\x7f"), std::string_view("\xc2\x9b"), std::string_view("\xe2\x80\xa8"),
        std::string_view("\xe2\x80\xae"), std::string_view("\xe2\x81\xa6")})
    CHECK(printable(bad) == kBad);
}
