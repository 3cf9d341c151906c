#include "authunix/id_map.h"

#include "tests/support/catch.h"

using namespace gatehouse::authunix;

TEST_CASE("ranges are FIRST-LAST:HOST or ID:HOST and nothing else") {
  CHECK(parse_id_range("0-65535:100000") == IdRange{0, 65535, 100000});
  CHECK(parse_id_range("1000:0") == IdRange{1000, 1000, 0});
  CHECK(parse_id_range("0-4294967294:0") == IdRange{0, 4294967294, 0});
  for (const char* wrong : {"",
                            ":",
                            "1",
                            "1:",
                            ":1",
                            "1-:5",
                            "-1:5",
                            "2-1:5",
                            "1-2",
                            "1-2-3:4",
                            "a:1",
                            "1:a",
                            " 1:2",
                            "1:2 ",
                            "+1:2",
                            "0x1:2",
                            "1:2,3:4",
                            "4294967295:0",
                            "0-4294967295:0",
                            "0:4294967295",
                            "0-1:4294967294",
                            "4294967296:0"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_id_range(wrong));
  }
  CHECK(parse_id_range("0-1:4294967293"));  // the last host id is 4294967294
}

TEST_CASE("a map of no ranges keeps every id") {
  const IdMap map;
  CHECK(map.map(0) == 0U);
  CHECK(map.map(4294967294U) == 4294967294U);
}

TEST_CASE("ids at both ends of each range are mapped, those beside it are in no range") {
  IdMap map;
  REQUIRE(map.add({1000, 1999, 5000}));
  REQUIRE(map.add({10, 10, 1}));
  REQUIRE(map.add({3000, 3000, 7000}));
  CHECK(map.map(1000) == 5000U);
  CHECK(map.map(1999) == 5999U);
  CHECK(map.map(10) == 1U);
  CHECK(map.map(3000) == 7000U);
  for (const std::uint32_t id : {0U, 9U, 11U, 999U, 2000U, 2999U, 3001U, 4294967294U, 4294967295U})
    CHECK_FALSE(map.map(id));
}

TEST_CASE("ranges that share a guest id or a host id do not go together") {
  IdMap map;
  REQUIRE(map.add({100, 200, 1000}));
  CHECK_FALSE(map.add({200, 300, 5000}));  // guest id 200
  CHECK_FALSE(map.add({50, 100, 5000}));   // guest id 100
  CHECK_FALSE(map.add({120, 130, 5000}));  // inside
  CHECK_FALSE(map.add({0, 1000, 50000}));  // around
  CHECK_FALSE(map.add({300, 310, 1100}));  // host id 1100
  CHECK_FALSE(map.add({300, 310, 990}));   // host id 1000
  CHECK(map.add({201, 210, 1101}));
  CHECK(map.add({99, 99, 999}));
  CHECK(map.ranges().size() == 3);
}

TEST_CASE("a map knows which host ids it can give [T1]") {
  IdMap map;
  CHECK(map.emits(0));  // without ranges every id stays what it is
  REQUIRE(map.add({1000, 1009, 100}));
  CHECK_FALSE(map.emits(0));
  CHECK_FALSE(map.emits(99));
  CHECK(map.emits(100));
  CHECK(map.emits(109));
  CHECK_FALSE(map.emits(110));
  REQUIRE(map.add({5, 5, 0}));
  CHECK(map.emits(0));
}
