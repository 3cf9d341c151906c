#include "proxy/runtime/budget.h"

#include <algorithm>

namespace gatehouse::runtime {

bool Budget::take_or_wait(std::uint64_t n, const Waiter& w) {
  if (try_take(n)) return true;
  if (n > limit_) return false;
  const std::lock_guard lock(mutex_);
  waiters_.push_back(w);
  waiting_.store(true, std::memory_order_seq_cst);
  // Units given between the first try and the flag found nobody to wake: look again before waiting for good.
  if (!try_take(n)) return false;
  waiters_.pop_back();
  waiting_.store(!waiters_.empty(), std::memory_order_seq_cst);
  return true;
}

void Budget::forget(const Waiter& w) {
  if (!waiting_.load(std::memory_order_seq_cst)) return;
  const std::lock_guard lock(mutex_);
  std::erase_if(waiters_, [&](const Waiter& x) { return x.owner == w.owner && x.key == w.key; });
  waiting_.store(!waiters_.empty(), std::memory_order_seq_cst);
}

void Budget::wake_all() {
  const std::lock_guard lock(mutex_);
  for (const Waiter& w : waiters_) w.wake(w.owner, w.key);
  waiters_.clear();
  waiting_.store(false, std::memory_order_seq_cst);
}

}  // namespace gatehouse::runtime
