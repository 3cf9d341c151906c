// At most so many in each second.
#pragma once

#include <cstdint>
#include <mutex>

namespace gatehouse::runtime {

/// RateLimiter: lets `per_second` through in each second of the clock it is given. Thread-safe.
class RateLimiter {
 public:
  explicit RateLimiter(std::uint32_t per_second) : per_second_(per_second) {}

  /// take: 0: go on; otherwise the milliseconds until the next second begins, when to ask again. `now_ms` is monotonic.
  std::uint64_t take(std::uint64_t now_ms) {
    const std::lock_guard lock(mutex_);
    if (now_ms / 1000 != second_) {
      second_ = now_ms / 1000;
      taken_ = 0;
    }
    if (taken_ >= per_second_) return 1000 - now_ms % 1000;
    ++taken_;
    return 0;
  }

  /// set_limit: from now on.
  void set_limit(std::uint32_t per_second) {
    const std::lock_guard lock(mutex_);
    per_second_ = per_second;
  }

 private:
  std::mutex mutex_;
  std::uint32_t per_second_;
  std::uint64_t second_ = 0;
  std::uint32_t taken_ = 0;
};

}  // namespace gatehouse::runtime
