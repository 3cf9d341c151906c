// An amount that all connections of a guest share, on whatever worker they live.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>

namespace gatehouse::runtime {

/// Waiter: who to tell when an exhausted budget has room again. `wake` may be called on any thread, with `key`. Two of
/// one owner and key are the same waiter, unless `part` tells them apart.
struct Waiter {
  void (*wake)(void* owner, std::uint64_t key) = nullptr;
  void* owner = nullptr;
  std::uint64_t key = 0;
  std::uint32_t part = 0;

  [[nodiscard]] bool same(const Waiter& o) const { return owner == o.owner && key == o.key && part == o.part; }
};

/// Budget: `limit` units; taking is all or nothing, waiters are woken first come, first served. Thread-safe; taking and
/// giving are one atomic operation each while nobody waits. Invariant: nothing is taken beyond the limit of that
/// moment.
class Budget {
 public:
  explicit Budget(std::uint64_t limit) : limit_(limit) {}
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  /// try_take: takes `n` units if that many are free.
  bool try_take(std::uint64_t n) {
    const std::uint64_t limit = limit_.load(std::memory_order_relaxed);
    std::uint64_t used = used_.load(std::memory_order_relaxed);
    do {
      if (used > limit || n > limit - used) return false;
    } while (!used_.compare_exchange_weak(used, used + n, std::memory_order_seq_cst, std::memory_order_relaxed));
    return true;
  }

  /// take_or_wait: takes `n` units, or remembers `w` to be woken once when units come back (it then tries again).
  /// `n` above the limit can never be had: false, and `w` is not remembered. A waiter that asks again before it was
  /// woken stays remembered once.
  bool take_or_wait(std::uint64_t n, const Waiter& w);

  /// give: returns `n` units that were taken, and wakes as many waiters: each wants one unit at least.
  void give(std::uint64_t n) {
    used_.fetch_sub(n, std::memory_order_seq_cst);
    if (waiting_.load(std::memory_order_seq_cst)) wake(n);
  }

  /// forget: `w`, which did wait, goes away and must not be woken through this budget any more. If it was woken already
  /// and took nothing, another is woken in its place.
  void forget(const Waiter& w);

  /// leave: `w` has what it waited for without having been woken: it is not to be woken any more.
  void leave(const Waiter& w);

  /// set_limit: from now on. What was taken under a higher limit stays taken; whoever waits tries again.
  void set_limit(std::uint64_t limit);

  [[nodiscard]] std::uint64_t used() const { return used_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t limit() const { return limit_.load(std::memory_order_relaxed); }

 private:
  void wake(std::uint64_t n);
  void wake_locked(std::uint64_t n);

  std::atomic<std::uint64_t> limit_;
  std::atomic<std::uint64_t> used_{0};
  std::atomic<bool> waiting_{false};
  std::mutex mutex_;
  std::deque<Waiter> waiters_;  // under mutex_
};

}  // namespace gatehouse::runtime
