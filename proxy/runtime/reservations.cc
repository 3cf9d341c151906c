#include "proxy/runtime/reservations.h"

#include <algorithm>

namespace gatehouse::runtime {

Reservations::Answer Reservations::take(std::uint64_t n, const Waiter& w) {
  if (n > limit_) return Answer::never;
  const std::lock_guard lock(mutex_);
  const auto own = std::ranges::find_if(requests_, [&](const Request& r) { return r.waiter.same(w); });
  if (own != requests_.end()) {
    if (!own->granted) return Answer::waits;
    requests_.erase(own);
    return Answer::taken;
  }
  const bool queue = std::ranges::any_of(requests_, [](const Request& r) { return !r.granted; });
  if (!queue && n <= limit_ - used_) {
    used_ += n;
    return Answer::taken;
  }
  requests_.push_back({w, n, false});
  return Answer::waits;
}

void Reservations::give(std::uint64_t n) {
  const std::lock_guard lock(mutex_);
  used_ -= n;
  grant_locked();
}

void Reservations::forget(const Waiter& w) {
  const std::lock_guard lock(mutex_);
  const auto own = std::ranges::find_if(requests_, [&](const Request& r) { return r.waiter.same(w); });
  if (own == requests_.end()) return;
  if (own->granted) used_ -= own->bytes;
  requests_.erase(own);
  grant_locked();
}

void Reservations::grant_locked() {
  for (Request& r : requests_) {
    if (r.granted) continue;
    if (r.bytes > limit_ - used_) return;
    used_ += r.bytes;
    r.granted = true;
    r.waiter.wake(r.waiter.owner, r.waiter.key);
  }
}

std::uint64_t Reservations::used() const {
  const std::lock_guard lock(mutex_);
  return used_;
}

}  // namespace gatehouse::runtime
