// How long calls take, here and at the backend.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>

#include "proxy/runtime/cell.h"

namespace gatehouse::runtime {

/// kLatencyBounds: upper bounds of the buckets, nanoseconds; above the last there is one more bucket.
inline constexpr std::array<std::uint64_t, 19> kLatencyBounds = {
    5'000,       10'000,      25'000,        50'000,        100'000,       250'000,    500'000,
    1'000'000,   2'500'000,   5'000'000,     10'000'000,    25'000'000,    50'000'000, 100'000'000,
    250'000'000, 500'000'000, 1'000'000'000, 5'000'000'000, 30'000'000'000};

/// kFirstBound: of all numbers of that many bits, the least bound that one of them may have.
inline constexpr auto kFirstBound = [] {
  std::array<std::uint8_t, 65> out{};
  for (std::size_t bits = 1; bits < out.size(); ++bits) {
    const std::uint64_t least = std::uint64_t{1} << (bits - 1);
    out[bits] = static_cast<std::uint8_t>(std::ranges::lower_bound(kLatencyBounds, least) - kLatencyBounds.begin());
  }
  return out;
}();

/// bucket_of: which bucket a duration belongs to: the first whose bound is not below it. One or two comparisons.
constexpr std::size_t bucket_of(std::uint64_t ns) {
  std::size_t i = kFirstBound[static_cast<std::size_t>(std::bit_width(ns))];
  while (i < kLatencyBounds.size() && kLatencyBounds[i] < ns) ++i;
  return i;
}

/// Histogram: durations, on one thread. observe() belongs to the thread; the cells are for all.
struct Histogram {
  std::array<Cell, kLatencyBounds.size() + 1> buckets;  ///< each without those below it
  Cell nanoseconds;                                     ///< the sum

  void observe(std::uint64_t ns) {
    buckets[bucket_of(ns)].add(1);
    nanoseconds.add(ns);
  }
};

/// BackendTimes: the calls of one backend on one thread.
struct alignas(64) BackendTimes {
  Histogram gateway;  ///< from the wake-up that read a call or its reply until that was passed on, both together
  Histogram backend;  ///< from the call's being passed on to the wake-up that read its reply
};

/// CallTimes: of a call without a reply: when it was passed on (ns, monotonic) and how long it was here before.
struct CallTimes {
  std::uint64_t sent = 0;
  std::uint32_t held = 0;  ///< ns, at most 4.2 s: what waits for a limit is not at work

  /// passed_on: a call that was read in the wake-up at `woke` goes on at `now`, both ns.
  static CallTimes passed_on(std::uint64_t woke, std::uint64_t now) {
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
    return {now, static_cast<std::uint32_t>(std::min(now - std::min(now, woke), kMost))};
  }
  /// answered: its reply, read in the wake-up at `woke`, was passed on at `now`. A reply that came within the wake-up
  /// that sent the call took the backend no time that could be told.
  void answered(std::uint64_t woke, std::uint64_t now, BackendTimes& times) const {
    const std::uint64_t came = std::max(woke, sent);
    times.backend.observe(came - sent);
    times.gateway.observe(held + (now - std::min(now, came)));
  }
};

}  // namespace gatehouse::runtime
