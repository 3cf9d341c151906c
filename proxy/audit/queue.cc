#include "proxy/audit/queue.h"

#include <utility>

namespace gatehouse::audit {

bool Queue::room_for(const Source* source) const {
  if (source == nullptr) return size_ < ring_.size();
  return size_ < ring_.size() - ring_.size() / kKept && source->queued < ring_.size() / kShare;
}

void Queue::note_lost(std::uint64_t n, std::int64_t time_us) {
  if (lost_.count == 0) {
    lost_.since_us = time_us;
    before_lost_ = size_;
  }
  lost_.count += n;
}

bool Queue::push(Event&& e) {
  {
    const std::lock_guard lock(mutex_);
    if (!room_for(e.source.get())) {
      note_lost(e.trusted != nullptr ? e.trusted->size() : 1, e.time_us);
      return false;
    }
    if (e.source != nullptr) ++e.source->queued;
    ring_[(head_ + size_) % ring_.size()] = std::move(e);
    ++size_;
  }
  something_.notify_one();
  return true;
}

void Queue::count_lost(std::uint64_t n, std::int64_t time_us) {
  const std::lock_guard lock(mutex_);
  note_lost(n, time_us);
}

void Queue::owe(const std::shared_ptr<Source>& source) {
  if (source->owes.exchange(true)) return;
  {
    const std::lock_guard lock(mutex_);
    owing_.push_back(source);
  }
  something_.notify_one();
}

bool Queue::pop(Event& out) {
  const std::lock_guard lock(mutex_);
  if (size_ == 0) return false;
  out = std::move(ring_[head_]);
  head_ = (head_ + 1) % ring_.size();
  --size_;
  if (before_lost_ > 0) --before_lost_;
  if (out.source != nullptr) --out.source->queued;
  return true;
}

std::optional<Queue::Lost> Queue::lost() {
  const std::lock_guard lock(mutex_);
  if (lost_.count == 0 || before_lost_ > 0) return std::nullopt;
  return std::exchange(lost_, {});
}

std::vector<std::shared_ptr<Source>> Queue::owing() {
  const std::lock_guard lock(mutex_);
  return std::exchange(owing_, {});
}

bool Queue::wait(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  const auto something = [this] { return size_ > 0 || lost_.count > 0 || nudged_ || closed_; };
  // Who owes is asked again when its second is over; nobody else is waited for in a hurry.
  if (owing_.empty())
    something_.wait(lock, [&] { return something() || !owing_.empty(); });
  else
    something_.wait_for(lock, patience, something);
  nudged_ = false;
  return !closed_;
}

bool Queue::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  something_.wait_for(lock, time, [this] { return closed_ || nudged_; });
  nudged_ = false;
  return !closed_;
}

void Queue::nudge() {
  {
    const std::lock_guard lock(mutex_);
    nudged_ = true;
  }
  something_.notify_one();
}

void Queue::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  something_.notify_one();
}

std::size_t Queue::size() const {
  const std::lock_guard lock(mutex_);
  return size_;
}

}  // namespace gatehouse::audit
