// How long calls take.
#include "proxy/runtime/latency.h"

#include "tests/support/catch.h"

using namespace gatehouse::runtime;

namespace {

std::uint64_t in_bucket(const Histogram& h, std::size_t i) {
  return h.buckets[i].get();
}
std::uint64_t observed(const Histogram& h) {
  std::uint64_t n = 0;
  for (const Cell& c : h.buckets) n += c.get();
  return n;
}

}  // namespace

TEST_CASE("a duration falls into the bucket whose bound is not below it") {
  for (std::size_t i = 0; i < kLatencyBounds.size(); ++i) {
    Histogram h;
    h.observe(kLatencyBounds[i]);
    CHECK(in_bucket(h, i) == 1);
    h.observe(kLatencyBounds[i] + 1);
    CHECK(in_bucket(h, i + 1) == 1);
    CHECK(observed(h) == 2);
    CHECK(h.nanoseconds.get() == 2 * kLatencyBounds[i] + 1);
  }
  Histogram h;
  h.observe(0);
  CHECK(in_bucket(h, 0) == 1);
  h.observe(std::numeric_limits<std::uint64_t>::max());
  CHECK(in_bucket(h, kLatencyBounds.size()) == 1);
}

TEST_CASE("the quick way to a bucket finds the same one as the plain way") {
  const auto plain = [](std::uint64_t ns) {
    return static_cast<std::size_t>(std::ranges::lower_bound(kLatencyBounds, ns) - kLatencyBounds.begin());
  };
  for (std::uint64_t ns = 0; ns < 200'000; ++ns)
    if (bucket_of(ns) != plain(ns)) FAIL_CHECK(ns);
  for (unsigned bits = 0; bits < 64; ++bits)
    for (const std::uint64_t off : {0ULL, 1ULL, 2ULL})
      CHECK(bucket_of((1ULL << bits) - 1 + off) == plain((1ULL << bits) - 1 + off));
}

TEST_CASE("the time in the gateway is that of call and reply together, the backend's is what lies between") {
  BackendTimes t;
  const CallTimes call = CallTimes::passed_on(1'000'000, 1'020'000);
  call.answered(5'020'000, 5'050'000, t);
  CHECK(t.backend.nanoseconds.get() == 4'000'000);
  CHECK(t.gateway.nanoseconds.get() == 20'000 + 30'000);
  CHECK(observed(t.backend) == 1);
  CHECK(observed(t.gateway) == 1);
}

TEST_CASE(
    "a reply that came in the wake-up that sent the call took no time that could be told, and nothing is negative") {
  BackendTimes t;
  const CallTimes call = CallTimes::passed_on(1'000, 5'000);
  call.answered(1'000, 6'000, t);
  CHECK(t.backend.nanoseconds.get() == 0);
  CHECK(t.gateway.nanoseconds.get() == 4'000 + 1'000);
  CHECK(CallTimes::passed_on(7, 5).held == 0);
}

TEST_CASE("a call that was here for very long counts as that") {
  const CallTimes call = CallTimes::passed_on(0, 60'000'000'000);
  CHECK(call.sent == 60'000'000'000);
  CHECK(call.held == 0xffffffffU);
}
