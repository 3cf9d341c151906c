#include "proxy/runtime/log_limiter.h"

#include <atomic>
#include <thread>
#include <vector>

#include "tests/support/catch.h"

using gatehouse::runtime::LogLimiter;

TEST_CASE("in each second so many lines pass and the next one says how many did not [L6]") {
  LogLimiter limiter(2);
  CHECK(limiter.ask(100).allowed);
  CHECK(limiter.ask(100).allowed);
  CHECK_FALSE(limiter.ask(100).allowed);
  CHECK_FALSE(limiter.ask(100).allowed);
  const auto next = limiter.ask(101);
  CHECK(next.allowed);
  CHECK(next.suppressed == 2);
}

TEST_CASE("four threads together get no more lines than the limit [L6]") {
  LogLimiter limiter(10);
  std::atomic<int> lines{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 1000; ++i)
          if (limiter.ask(5).allowed) ++lines;
      });
  }
  CHECK(lines == 10);
}
