#include "guest/mount/spec.h"

#include "tests/support/catch.h"

using gatehouse::guest::parse_spec;

TEST_CASE("a spec is a CID and an absolute path") {
  const auto host = parse_spec("2:/export");
  REQUIRE(host);
  CHECK(host->cid == 2);
  CHECK(host->path == "/export");
  CHECK(parse_spec("4294967294:/")->cid == 4294967294U);
  CHECK(parse_spec("0:/a:b c")->path == "/a:b c");
}

TEST_CASE("nonsense in a spec is named in one line that says what to write") {
  for (const auto& [text, what] : {std::pair{"2/export", "names no CID"},
                                   {"", "names no CID"},
                                   {":/x", "nothing before the colon"},
                                   {"2:", "names no directory"},
                                   {"2:export", "does not begin with /"},
                                   {"abc:/x", "no number before the colon"},
                                   {"2x:/x", "no number before the colon"},
                                   {"-1:/x", "no number before the colon"},
                                   {"+2:/x", "no number before the colon"},
                                   {" 2:/x", "no number before the colon"},
                                   {"02:/x", "no number before the colon"},
                                   {"0x2:/x", "no number before the colon"},
                                   {"host.example.com:/x", "no number before the colon"},
                                   {"4294967295:/x", "above 4294967294"},
                                   {"4294967296:/x", "above 4294967294"},
                                   {"99999999999999999999:/x", "above 4294967294"},
                                   {"2:/a\nb", "control character"}}) {
    const auto spec = parse_spec(text);
    INFO(text);
    REQUIRE_FALSE(spec);
    CHECK(spec.error().find(what) != std::string::npos);
    CHECK(spec.error().find("2:/export") != std::string::npos);
    CHECK(spec.error().find('\n') == std::string::npos);
  }
}
