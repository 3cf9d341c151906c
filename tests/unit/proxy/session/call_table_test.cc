#include "proxy/session/call_table.h"

#include <map>
#include <random>

#include "tests/support/catch.h"

using gatehouse::session::CallTable;

TEST_CASE("the table of calls agrees with a map over many random calls, replies and retransmissions") {
  std::mt19937 random(1);
  CallTable table;
  std::map<std::pair<std::uint32_t, std::uint16_t>, std::size_t> model;
  std::size_t calls = 0;
  for (int i = 0; i < 200000; ++i) {
    // Few distinct xids, close together: collisions, wrapped clusters and retransmissions.
    const auto xid = static_cast<std::uint32_t>(0xfffffff0U + random() % 300);
    const auto link = static_cast<std::uint16_t>(random() % 2);
    const auto at = model.find({xid, link});
    if (random() % 2 == 0) {
      REQUIRE(table.add(xid, link));
      ++model[{xid, link}];
      ++calls;
    } else {
      REQUIRE(table.remove(xid, link, 1) == (at != model.end()));
      if (at != model.end()) {
        --calls;
        if (--at->second == 0) model.erase(at);
      }
    }
    REQUIRE(table.size() == calls);
  }
  for (const auto& [key, count] : model)
    for (std::size_t n = 0; n < count; ++n) REQUIRE(table.remove(key.first, key.second, 1));
  CHECK(table.size() == 0);
}

TEST_CASE("a reply from a link that the call did not go to removes nothing") {
  CallTable table;
  REQUIRE(table.add(7, 1));
  CHECK_FALSE(table.remove(7, 0, 1));
  CHECK(table.remove(7, 1, 1));
  CHECK_FALSE(table.remove(7, 1, 1));
}

TEST_CASE("what is left of a call that was answered expires, and nothing that was not [L6]") {
  CallTable table;
  for (int i = 0; i < 3; ++i) REQUIRE(table.add(7, 1));
  REQUIRE(table.add(8, 1));
  CHECK_FALSE(table.expire(1000));
  REQUIRE(table.remove(7, 1, 500));
  CHECK_FALSE(table.expire(499));
  const auto left = table.expire(500);
  REQUIRE(left);
  CHECK(left->link == 1);
  CHECK(left->calls == 2);
  CHECK(table.size() == 1);
  CHECK_FALSE(table.remove(7, 1, 501));
  CHECK(table.remove(8, 1, 501));
}

TEST_CASE("an xid that is used again is not expired before its next answer") {
  CallTable table;
  REQUIRE(table.add(7, 1));
  REQUIRE(table.add(7, 1));
  REQUIRE(table.remove(7, 1, 500));
  REQUIRE(table.add(7, 1));
  CHECK_FALSE(table.expire(1000));
  REQUIRE(table.remove(7, 1, 1500));
  CHECK(table.expire(1500));
  CHECK(table.size() == 0);
}

TEST_CASE("an xid of which the results would be read otherwise is not taken a second time") {
  using gatehouse::session::NfsKind;
  using gatehouse::session::NfsNote;
  NfsNote compound;
  compound.kind = NfsKind::compound;
  NfsNote of_version_0 = compound;
  of_version_0.call.minor = 0;
  compound.call.minor = 1;
  CallTable table;
  REQUIRE(table.add(7, 1, {{}, compound}));
  CHECK(table.add(7, 1, {{}, compound}));
  CHECK_FALSE(table.add(7, 1, {{}, of_version_0}));
  CHECK_FALSE(table.add(7, 1));
  CHECK(table.size() == 2);
  REQUIRE(table.find(7, 1));
  CHECK(table.find(7, 1)->nfs == compound);
}
