// gatehouse.conf(5) from the table of settings.
#include "proxy/manual/manual.h"

#include <string>

#include "tests/support/catch.h"

using namespace gatehouse;
using config::Section;
using config::Setting;
using config::Type;

namespace {

constexpr Setting kTwo[] = {
    {Section::gateway, "first", Type::time, "\"1s\"", false, 1, 60000, "One."},
    {Section::trust, "second", Type::texts, "[]", false, 0, 0, "Two."},
};

}  // namespace

TEST_CASE("a setting is described by its type, bounds, default and sentence [L8]") {
  CHECK(manual::entry({Section::gateway, "a", Type::integer, "7", false, 0, 9, "Sentence."}) ==
        ".It Ic a Pq integer, 0 to 9; default 7\nSentence.\n");
  CHECK(manual::entry({Section::gateway, "a", Type::time, "\"2s\"", false, 500, 3600000, "S."}) ==
        ".It Ic a Pq time, 500ms to 1h; default \\(dq2s\\(dq\nS.\n");
  CHECK(manual::entry({Section::gateway, "a", Type::size, "\"4KiB\"", false, 1, 1 << 20, "S."}) ==
        ".It Ic a Pq size, 1B to 1MiB; default \\(dq4KiB\\(dq\nS.\n");
  CHECK(manual::entry({Section::gateway, "a", Type::text, "", true, 0, 0, "S."}) ==
        ".It Ic a Pq string; required\nS.\n");
  CHECK(manual::entry({Section::gateway, "a", Type::boolean, "true", false, 0, 0, "S."}) ==
        ".It Ic a Pq boolean; default true\nS.\n");
}

TEST_CASE("nothing in a sentence is a command of mdoc, and hyphens can be typed [L8]") {
  CHECK(manual::entry({Section::gateway, "a", Type::text, "", false, 0, 0, ".So \\fB \"x\" a-b"}) ==
        ".It Ic a Pq string\n\\&.So \\efB \\(dqx\\(dq a\\-b\n");
  CHECK(manual::entry({Section::gateway, "a", Type::text, "", false, 0, 0, "'tis"}) == ".It Ic a Pq string\n\\&'tis\n");
  CHECK(manual::entry({Section::gateway, "a", Type::text, "", false, 0, 0, "One. .Two. Three."}) ==
        ".It Ic a Pq string\nOne.\n\\&.Two.\nThree.\n");
}

TEST_CASE("each section's settings stand where the page names it [L8]") {
  const auto page = manual::fill("head\n@trust@\nmiddle\n@gateway@\n", kTwo);
  REQUIRE(page.has_value());
  CHECK(*page == "head\n.Bl -tag -width Ds\n" + manual::entry(kTwo[1]) + ".El\nmiddle\n.Bl -tag -width Ds\n" +
                     manual::entry(kTwo[0]) + ".El\n");
}

TEST_CASE("a page that leaves a section out, names one twice or one that is none is no page [L8]") {
  CHECK(manual::fill("@gateway@\n", kTwo).error().find("@trust@") != std::string::npos);
  CHECK(manual::fill("@gateway@\n@trust@\n@gateway@\n", kTwo).error().starts_with("@gateway@"));
  CHECK(manual::fill("@gateway@\n@trust@\n@other@\n", kTwo).error().starts_with("@other@"));
  CHECK(manual::fill("@gateway@\n@trust@\n@limits@\n", kTwo).error().starts_with("@limits@"));
}
