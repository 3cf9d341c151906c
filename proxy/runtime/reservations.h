// Bytes that records reserve whole, in the order in which they asked.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>

#include "proxy/runtime/budget.h"

namespace gatehouse::runtime {

/// Reservations: `limit` bytes; a reservation is all or wait, first come first served: one that does not fit holds up
/// those behind it, so that a large record is not passed by small ones for ever. What is granted to a waiter is taken
/// in its name before it is woken. Thread-safe; meant for records of some size, not for every call.
class Reservations {
 public:
  explicit Reservations(std::uint64_t limit) : limit_(limit) {}
  Reservations(const Reservations&) = delete;
  Reservations& operator=(const Reservations&) = delete;

  enum class Answer : std::uint8_t {
    taken,
    waits,  ///< `w` is woken when `n` were taken in its name: it asks again then, and is told `taken`
    never,  ///< `n` is above the limit
  };
  /// take: asks for `n` bytes; asking again while waiting changes nothing.
  Answer take(std::uint64_t n, const Waiter& w);

  /// give: returns `n` bytes that were taken.
  void give(std::uint64_t n);

  /// forget: `w` goes away: its request is dropped, and what was granted to it and not fetched is returned.
  void forget(const Waiter& w);

  /// set_limit: from now on. What was reserved under a higher limit stays so; whoever waits for more than `limit` is
  /// woken, and told `never`.
  void set_limit(std::uint64_t limit);

  [[nodiscard]] std::uint64_t used() const;

 private:
  struct Request {
    Waiter waiter;
    std::uint64_t bytes;
    bool granted;
  };
  void grant_locked();
  [[nodiscard]] bool fits(std::uint64_t n) const { return used_ <= limit_ && n <= limit_ - used_; }

  mutable std::mutex mutex_;
  std::uint64_t limit_;
  std::uint64_t used_ = 0;
  std::deque<Request> requests_;  // granted ones stay until they are fetched
};

}  // namespace gatehouse::runtime
