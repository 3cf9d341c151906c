#include "proxy/runtime/reservations.h"

#include <algorithm>

namespace gatehouse::runtime {

Reservations::Answer Reservations::take(std::uint64_t n, const Waiter& w) {
  const std::lock_guard lock(mutex_);
  const auto own = std::ranges::find_if(requests_, [&](const Request& r) { return r.waiter.same(w); });
  if (own != requests_.end() && own->granted) {
    requests_.erase(own);
    return Answer::taken;
  }
  if (n > limit_) {
    if (own != requests_.end()) requests_.erase(own);
    return Answer::never;
  }
  if (own != requests_.end()) return Answer::waits;
  const bool queue = std::ranges::any_of(requests_, [](const Request& r) { return !r.granted; });
  if (!queue && fits(n)) {
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
    if (!fits(r.bytes)) return;
    used_ += r.bytes;
    r.granted = true;
    r.waiter.wake(r.waiter.owner, r.waiter.key);
  }
}

void Reservations::set_limit(std::uint64_t limit) {
  const std::lock_guard lock(mutex_);
  limit_ = limit;
  // Those that can never be granted now would hold up all others.
  std::erase_if(requests_, [&](const Request& r) {
    if (r.granted || r.bytes <= limit) return false;
    r.waiter.wake(r.waiter.owner, r.waiter.key);
    return true;
  });
  grant_locked();
}

std::uint64_t Reservations::used() const {
  const std::lock_guard lock(mutex_);
  return used_;
}

}  // namespace gatehouse::runtime
