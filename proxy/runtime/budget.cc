#include "proxy/runtime/budget.h"

#include <algorithm>

namespace gatehouse::runtime {

bool Budget::take_or_wait(std::uint64_t n, const Waiter& w) {
  if (try_take(n)) return true;
  if (n > limit()) return false;
  const std::lock_guard lock(mutex_);
  // A second entry would be woken in somebody else's place.
  std::erase_if(waiters_, [&](const Waiter& x) { return w.same(x); });
  waiters_.push_back(w);
  waiting_.store(true, std::memory_order_seq_cst);
  // Units given between the first try and the flag found nobody to wake: look again before waiting for good.
  if (!try_take(n)) return false;
  waiters_.pop_back();
  waiting_.store(!waiters_.empty(), std::memory_order_seq_cst);
  return true;
}

void Budget::set_limit(std::uint64_t limit) {
  limit_.store(limit, std::memory_order_seq_cst);
  wake(UINT64_MAX);
}

void Budget::forget(const Waiter& w) {
  const std::lock_guard lock(mutex_);
  if (std::erase_if(waiters_, [&](const Waiter& x) { return w.same(x); }) == 0) wake_locked(1);
  waiting_.store(!waiters_.empty(), std::memory_order_seq_cst);
}

void Budget::leave(const Waiter& w) {
  const std::lock_guard lock(mutex_);
  std::erase_if(waiters_, [&](const Waiter& x) { return w.same(x); });
  waiting_.store(!waiters_.empty(), std::memory_order_seq_cst);
}

void Budget::wake(std::uint64_t n) {
  const std::lock_guard lock(mutex_);
  wake_locked(n);
  waiting_.store(!waiters_.empty(), std::memory_order_seq_cst);
}

void Budget::wake_locked(std::uint64_t n) {
  for (; n > 0 && !waiters_.empty(); --n) {
    const Waiter w = waiters_.front();
    waiters_.pop_front();
    w.wake(w.owner, w.key);
  }
}

}  // namespace gatehouse::runtime
