// Whether the threads that serve still come round.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gatehouse::runtime {

/// Heartbeats: when each thread was last seen at the top of its event loop, in milliseconds of CLOCK_MONOTONIC. Thread
/// 0 is the acceptor, then the workers. Every thread beats once a wake-up and at least once a second, whether or not
/// there is something to do: an older one is stuck. Thread-safe.
class Heartbeats {
 public:
  explicit Heartbeats(std::size_t threads) : beats_(threads) {}

  /// beat: thread `thread` came round at `now_ms`.
  void beat(std::size_t thread, std::uint64_t now_ms) noexcept {
    beats_[thread].at.store(now_ms, std::memory_order_relaxed);
  }
  /// last: when thread `thread` came round; 0: not once yet.
  [[nodiscard]] std::uint64_t last(std::size_t thread) const noexcept {
    return beats_[thread].at.load(std::memory_order_relaxed);
  }
  /// oldest: the least of last() over all threads.
  [[nodiscard]] std::uint64_t oldest() const noexcept {
    std::uint64_t out = UINT64_MAX;
    for (std::size_t i = 0; i < beats_.size(); ++i) out = std::min(out, last(i));
    return out;
  }
  /// size: how many threads there are.
  [[nodiscard]] std::size_t size() const noexcept { return beats_.size(); }

 private:
  // A line of cache each: the beat of one worker must not cost another one.
  struct alignas(64) Beat {
    std::atomic<std::uint64_t> at{0};
  };
  std::vector<Beat> beats_;
};

}  // namespace gatehouse::runtime
