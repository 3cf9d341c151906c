// When the service manager is told that the daemon serves, and when it is not.
#include "proxy/daemon/watchdog.h"

#include <cstdlib>
#include <string>

#include <unistd.h>

#include "tests/support/catch.h"

using gatehouse::daemon::Watchdog;
using gatehouse::runtime::Heartbeats;
using Look = Watchdog::Look;

namespace {

constexpr std::uint64_t kSecond = 1000;
constexpr std::uint64_t kHalfMinute = 30'000'000;  // as WATCHDOG_USEC

// Three threads that all came round at `ms`.
struct Threads {
  Heartbeats beats{3};
  void all(std::uint64_t ms) {
    for (std::size_t i = 0; i < beats.size(); ++i) beats.beat(i, ms);
  }
};

}  // namespace

TEST_CASE("without a watchdog nothing is ever due [L6]") {
  Threads t;
  Watchdog none(0);
  CHECK(none.look(0, t.beats) == Look::not_due);
  CHECK(none.look(1'000'000, t.beats) == Look::not_due);
}

TEST_CASE("the service manager hears of threads that come round four times in a time-out [L6]") {
  Threads t;
  Watchdog dog(kHalfMinute);
  t.all(100 * kSecond);
  CHECK(dog.look(100 * kSecond, t.beats) == Look::well);
  t.all(107 * kSecond);
  CHECK(dog.look(107 * kSecond, t.beats) == Look::not_due);
  t.all(107 * kSecond + 500);
  CHECK(dog.look(107 * kSecond + 500, t.beats) == Look::well);
}

TEST_CASE(
    "one thread that does not come round for half a time-out is enough to be silent, and time again heals it [L6]") {
  Threads t;
  Watchdog dog(kHalfMinute);
  const std::size_t late = GENERATE(0U, 1U, 2U);
  t.all(100 * kSecond);
  t.beats.beat(late, 85 * kSecond);
  CHECK(dog.look(100 * kSecond, t.beats) == Look::well);
  for (std::size_t i = 0; i < 3; ++i)
    if (i != late) t.beats.beat(i, 108 * kSecond);
  CHECK(dog.look(108 * kSecond, t.beats) == Look::stuck);
  CHECK(dog.look(109 * kSecond, t.beats) == Look::stuck);
  t.beats.beat(late, 110 * kSecond);
  CHECK(dog.look(110 * kSecond, t.beats) == Look::well);
}

TEST_CASE("a time-out of a second does not take a thread at rest for a stuck one [L6]") {
  Threads t;
  Watchdog dog(1'000'000);
  t.all(100 * kSecond);
  CHECK(dog.look(102 * kSecond, t.beats) == Look::well);
  CHECK(dog.look(102 * kSecond + 999, t.beats) == Look::not_due);
  CHECK(dog.look(103 * kSecond, t.beats) == Look::stuck);
}

TEST_CASE("a thread that beats while it is looked at is not late [L6]") {
  Threads t;
  Watchdog dog(kHalfMinute);
  t.all(101 * kSecond);
  CHECK(dog.look(100 * kSecond, t.beats) == Look::well);
}

TEST_CASE("a thread that never came round is late [L6]") {
  Threads t;
  Watchdog dog(kHalfMinute);
  t.beats.beat(0, 100 * kSecond);
  t.beats.beat(1, 100 * kSecond);
  CHECK(t.beats.last(2) == 0);
  CHECK(dog.look(100 * kSecond, t.beats) == Look::stuck);
}

TEST_CASE("a watchdog is asked for by WATCHDOG_USEC, unless it is meant for another process [L6]") {
  ::unsetenv("WATCHDOG_USEC");
  ::unsetenv("WATCHDOG_PID");
  CHECK(Watchdog::asked_for() == 0);
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  CHECK(Watchdog::asked_for() == kHalfMinute);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  CHECK(Watchdog::asked_for() == kHalfMinute);
  ::setenv("WATCHDOG_PID", "1", 1);
  CHECK(Watchdog::asked_for() == 0);
  ::unsetenv("WATCHDOG_USEC");
  ::unsetenv("WATCHDOG_PID");
}
