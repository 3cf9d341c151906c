// Calls on their way from a worker to whoever traces them.
#include "proxy/runtime/trace.h"

#include <thread>

#include "tests/support/catch.h"

using namespace gatehouse::runtime;

namespace {

TraceRecord numbered(std::uint32_t xid) {
  TraceRecord out;
  out.xid = xid;
  return out;
}

}  // namespace

TEST_CASE("a writer and a reader at the same time lose nothing but what is counted [T7]") {
  TraceRings rings(1);
  rings.make();
  TraceSwitch guest;
  constexpr std::uint32_t kCalls = 300000;
  std::jthread writer([&] {
    for (std::uint32_t i = 0; i < kCalls; ++i) rings.record(0, numbered(i), guest);
  });
  std::vector<TraceRecord> out;
  while (out.size() + guest.dropped < kCalls) rings.take(out);
  for (std::size_t i = 1; i < out.size(); ++i) REQUIRE(out[i - 1].xid < out[i].xid);
}
