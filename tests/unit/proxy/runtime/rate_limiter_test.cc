#include "proxy/runtime/rate_limiter.h"

#include "tests/support/catch.h"

using gatehouse::runtime::RateLimiter;

TEST_CASE("so many go through in each second, and the rest is told when the next begins [G13]") {
  RateLimiter limiter(2);
  CHECK(limiter.take(5000) == 0);
  CHECK(limiter.take(5400) == 0);
  CHECK(limiter.take(5400) == 600);
  CHECK(limiter.take(5999) == 1);
  CHECK(limiter.take(6000) == 0);
  CHECK(limiter.take(6000) == 0);
  CHECK(limiter.take(6000) == 1000);
}
