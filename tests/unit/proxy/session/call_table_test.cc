#include "proxy/session/call_table.h"

#include <map>
#include <random>

#include "tests/support/catch.h"

using gatehouse::session::CallTable;

TEST_CASE("the table of calls agrees with a map over many random calls, replies and retransmissions") {
  std::mt19937 random(1);
  CallTable table;
  std::map<std::uint32_t, std::uint16_t> model;
  for (int i = 0; i < 200000; ++i) {
    // Few distinct xids, close together: collisions, wrapped clusters and retransmissions.
    const auto xid = static_cast<std::uint32_t>(0xfffffff0U + random() % 300);
    const auto link = static_cast<std::uint16_t>(random() % 2);
    if (random() % 2 == 0) {
      const bool known = model.contains(xid);
      REQUIRE((table.add(xid, link) == CallTable::Added::replaced) == known);
      model[xid] = link;
    } else {
      const auto at = model.find(xid);
      const bool there = at != model.end() && at->second == link;
      REQUIRE(table.remove(xid, link) == there);
      if (there) model.erase(at);
    }
    REQUIRE(table.size() == model.size());
    const auto at = model.find(xid);
    REQUIRE(table.link_of(xid) == (at == model.end() ? -1 : at->second));
  }
  for (const auto& [xid, link] : model) REQUIRE(table.remove(xid, link));
  CHECK(table.size() == 0);
}

TEST_CASE("a reply from a link that the call did not go to removes nothing") {
  CallTable table;
  table.add(7, 1);
  CHECK_FALSE(table.remove(7, 0));
  CHECK(table.contains(7));
  CHECK(table.remove(7, 1));
  CHECK_FALSE(table.contains(7));
}
