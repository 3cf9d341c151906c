#include "proxy/log/log.h"
#include "tests/support/catch.h"

using gatehouse::log::escaped;

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
