// At most so many log lines a second.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

namespace gatehouse::runtime {

/// LogLimiter: lets `per_second` lines through in each second of the clock it is given, and counts the rest.
/// Thread-safe; used on refusals only.
class LogLimiter {
 public:
  explicit LogLimiter(std::uint32_t per_second) : per_second_(per_second) {}

  struct Answer {
    bool allowed = false;
    std::uint64_t suppressed = 0;  ///< lines held back since the last that was let through
  };
  /// ask: may a line be written in second `now` (monotonic)?
  Answer ask(std::uint64_t now) {
    const std::lock_guard lock(mutex_);
    if (now != second_) {
      second_ = now;
      lines_ = 0;
    }
    if (lines_ >= per_second_) {
      ++suppressed_;
      return {};
    }
    ++lines_;
    const Answer out{true, suppressed_};
    suppressed_ = 0;
    return out;
  }

  /// owed: the lines that were held back in seconds before `now` and that no answer told of; they are told of now.
  /// Nothing: second `now` is not over for them.
  std::optional<std::uint64_t> owed(std::uint64_t now) {
    const std::lock_guard lock(mutex_);
    if (now == second_) return std::nullopt;
    return std::exchange(suppressed_, 0);
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
  std::uint32_t lines_ = 0;
  std::uint64_t suppressed_ = 0;
};

}  // namespace gatehouse::runtime
