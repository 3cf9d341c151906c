#include "proxy/log/log.h"
#include "tests/support/catch.h"

using gatehouse::log::escaped;
namespace lines = gatehouse::log;

TEST_CASE("what a peer chose cannot end a log line or forge a field") {
  CHECK(escaped("web1") == "web1");
  CHECK(escaped("") == "\"\"");
  CHECK(escaped("a b=c") == "\"a b=c\"");
  CHECK(escaped("x\nevent=ready") == "\"x\\x0aevent=ready\"");
  CHECK(escaped("quote\" guest=root") == "\"quote\\\" guest=root\"");
  CHECK(escaped("back\\") == "\"back\\\\\"");
  CHECK(escaped(std::string_view("\x1b[2J\0z", 6)) == "\"\\x1b[2J\\x00z\"");
  CHECK(escaped("\xc3\xa9") == "\"\\xc3\\xa9\"");
  CHECK(escaped(std::string(300, 'a')).size() == 256 + 5);
}

TEST_CASE("the level can be changed while lines are written, and has a word [T7]") {
  for (const lines::Level l : {lines::Level::debug, lines::Level::info, lines::Level::warning, lines::Level::error})
    CHECK(lines::level_of(lines::level_word(l)) == l);
  CHECK_FALSE(lines::level_of("loud"));
  CHECK_FALSE(lines::level_of(""));
  const lines::Level before = lines::level();
  lines::set_level(lines::Level::error);
  CHECK(lines::level() == lines::Level::error);
  lines::set_level(before);
  CHECK(lines::level() == before);
}
