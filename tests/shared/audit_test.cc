#include <atomic>
#include <thread>
#include <vector>

#include "proxy/audit/events.h"
#include "proxy/audit/log.h"
#include "tests/support/catch.h"

using namespace gatehouse;
using namespace gatehouse::audit;

namespace {

// What was written, by whichever sink.
struct Written {
  std::atomic<std::uint64_t> events{0};
  std::atomic<std::uint64_t> told{0};  ///< in lines that tell how many were not
};

// Does not take every 64th line at the first try.
class Hesitant final : public Sink {
 public:
  explicit Hesitant(Written& to) : to_(to) {}
  Outcome write(const Line& line) override {
    if (++tries_ % 64 == 0) return Outcome::later;
    if (line.kind != Kind::lost && line.kind != Kind::suppressed) {
      ++to_.events;
      return Outcome::written;
    }
    for (const auto& [name, value] : line.fields)
      if (name == "count") to_.told += std::get<std::uint64_t>(value);
    return Outcome::written;
  }
  std::string name() const override { return "hesitant"; }
  std::string error() const override { return "later"; }

 private:
  Written& to_;
  std::uint64_t tries_ = 0;
};

std::atomic<std::uint64_t> calls{0};
// A second is over every so many looks at the clock.
const Clock kClock = {[] { return calls.fetch_add(1) / 5000; }, [] { return std::int64_t{0}; }};

}  // namespace

TEST_CASE("whatever threads record at once, every event is written, suppressed or dropped, and counted as that [L6]") {
  constexpr std::uint64_t kThreads = 4, kEach = 20000;
  Written written;
  Log log(kClock);
  log.use(std::make_unique<Hesitant>(written));
  const auto shared = std::make_shared<Source>("shared", "", 500);
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t t = 0; t < kThreads; ++t)
      threads.emplace_back([&, t] {
        const auto own = std::make_shared<Source>("own-" + std::to_string(t), "", 500);
        for (std::uint64_t i = 0; i < kEach; ++i) {
          log.record(i % 2 == 0 ? own : shared, [] { return connection_refused({}, "no-guest", "x"); });
          if (i % 1000 == 0) log.administered(Act::trace, {0, 0}, true, "");
          if (t == 0 && i % 5000 == 0) log.use(std::make_unique<Hesitant>(written));
          (void)log.queued();
        }
      });
  }
  REQUIRE(log.stop(std::chrono::seconds(60)));
  const Counts c = log.counts();
  const std::uint64_t made = kThreads * kEach + kThreads * kEach / 1000;
  // Lines that tell of a number are written, or dropped, besides.
  CHECK(written.events + c.suppressed <= made);
  CHECK(written.events + c.suppressed + c.dropped >= made);
  CHECK(written.told <= c.suppressed + c.dropped);
  CHECK(c.written >= written.events);
  CHECK(c.failed == 0);
}
