// Calls on their way to whoever traces them.
#include "proxy/runtime/trace.h"

#include "tests/support/catch.h"

using namespace gatehouse::runtime;

namespace {

TraceRecord record(std::uint32_t xid) {
  TraceRecord out;
  out.xid = xid;
  return out;
}

}  // namespace

TEST_CASE("records come out in the order they went in, and a full ring takes no more until it is read [T7]") {
  const auto ring = std::make_unique<TraceRing>();
  std::vector<TraceRecord> out;
  for (int round = 0; round < 3; ++round) {
    for (std::uint32_t i = 0; i < TraceRing::kRecords; ++i) REQUIRE(ring->push(record(i)));
    CHECK_FALSE(ring->push(record(9999)));
    out.clear();
    ring->take(out);
    REQUIRE(out.size() == TraceRing::kRecords);
    for (std::uint32_t i = 0; i < out.size(); ++i) REQUIRE(out[i].xid == i);
    CHECK(ring->push(record(0)));
    out.clear();
    ring->take(out);
    CHECK(out.size() == 1);
  }
}

TEST_CASE("what there is no room for is counted with its guest, and nothing is kept before there is a reader [T7]") {
  TraceRings rings(2);
  TraceSwitch guest;
  CHECK_FALSE(guest.wanted());
  rings.record(1, record(1), guest);
  CHECK(guest.dropped == 1);
  rings.make();
  for (std::uint32_t i = 0; i < TraceRing::kRecords + 5; ++i) rings.record(1, record(i), guest);
  rings.record(0, record(7), guest);
  CHECK(guest.dropped == 6);
  rings.make();  // once more changes nothing
  std::vector<TraceRecord> out;
  rings.take(out);
  CHECK(out.size() == TraceRing::kRecords + 1);
}

TEST_CASE("a principal that is longer than there is room for is cut [T7]") {
  TraceRecord r;
  r.set_name(std::string(500, 'p'));
  CHECK(r.name_text() == std::string(TraceRecord::kName, 'p'));
  r.set_name("alice@R");
  CHECK(r.name_text() == "alice@R");
}
