#include "gss/identity.h"

#include <string>

#include "tests/support/catch.h"

using gatehouse::gss::principal_matches;

namespace {

// The plainest way to say what a pattern means.
bool plainly(std::string_view pattern, std::string_view s) {
  if (pattern.empty()) return s.empty();
  if (pattern[0] != '*') return !s.empty() && s[0] == pattern[0] && plainly(pattern.substr(1), s.substr(1));
  for (std::size_t n = 0; n <= s.size(); ++n)
    if (plainly(pattern.substr(1), s.substr(n))) return true;
  return false;
}

// All texts over a, b and * of at most `length` characters.
std::vector<std::string> texts(std::size_t length, std::string_view alphabet) {
  std::vector<std::string> out = {""};
  for (std::size_t from = 0; length > 0; --length) {
    const std::size_t to = out.size();
    for (; from < to; ++from)
      for (const char c : alphabet) out.push_back(out[from] + c);
  }
  return out;
}

}  // namespace

TEST_CASE("a pattern of principals is exact but for its stars [G6]") {
  CHECK(principal_matches("alice@EXAMPLE.COM", "alice@EXAMPLE.COM"));
  CHECK_FALSE(principal_matches("alice@EXAMPLE.COM", "alice@example.com"));
  CHECK_FALSE(principal_matches("alice@EXAMPLE.COM", "alice@EXAMPLE.COM.EVIL.ORG"));
  CHECK_FALSE(principal_matches("alice@EXAMPLE.COM", "malice@EXAMPLE.COM"));
  CHECK_FALSE(principal_matches("", "alice@EXAMPLE.COM"));
  CHECK(principal_matches("*", ""));
  CHECK(principal_matches("*@EXAMPLE.COM", "alice@EXAMPLE.COM"));
  CHECK_FALSE(principal_matches("*@EXAMPLE.COM", "alice@EXAMPLE.COM@OTHER.COM"));
  CHECK(principal_matches("host/*@EXAMPLE.COM", "host/vm1.example.com@EXAMPLE.COM"));
  CHECK_FALSE(principal_matches("host/*@EXAMPLE.COM", "nfs/vm1.example.com@EXAMPLE.COM"));
  CHECK_FALSE(principal_matches("alice.EXAMPLE?COM", "alice@EXAMPLE.COM"));
}

TEST_CASE("every pattern and text of up to five characters match as the plainest reading says [G6]") {
  const auto names = texts(5, "ab");
  for (const std::string& pattern : texts(5, "ab*"))
    for (const std::string& name : names)
      if (principal_matches(pattern, name) != plainly(pattern, name)) FAIL(pattern + " and " + name);
}

TEST_CASE("a star in the name stands for itself, in the pattern for anything [G6]") {
  CHECK(principal_matches("a*", "a*b"));
  CHECK_FALSE(principal_matches("ab", "a*"));
}

TEST_CASE("many stars and a long name that almost matches end soon [G6]") {
  std::string pattern;
  for (int i = 0; i < 40; ++i) pattern += "*a";
  pattern += "*b";
  // Exponential matchers do not come back from this.
  CHECK_FALSE(principal_matches(pattern, std::string(2000, 'a')));
  CHECK(principal_matches(pattern, std::string(2000, 'a') + "b"));
}
