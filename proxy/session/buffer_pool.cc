#include "proxy/session/buffer_pool.h"

#include <algorithm>
#include <bit>

namespace gatehouse::session {
namespace {
// Sizes are powers of two up to the step, then its multiples, so that records of one kind find each other's buffers.
constexpr std::size_t kSmallest = 4096;
constexpr std::size_t kStep = std::size_t{64} * 1024;
// A buffer so much larger than what is asked for stays for who needs it.
constexpr std::size_t kTooLarge = 4;

std::size_t capacity_for(std::size_t size) {
  return size <= kStep ? std::bit_ceil(std::max(size, kSmallest)) : (size + kStep - 1) / kStep * kStep;
}

}  // namespace

Buffer BufferPool::get(std::size_t size) {
  const std::size_t capacity = capacity_for(size);
  for (auto at = idle_.rbegin(); at != idle_.rend(); ++at) {
    if (at->capacity < capacity || at->capacity > capacity * kTooLarge) continue;
    Buffer b = std::move(*at);
    idle_.erase(std::next(at).base());
    idle_bytes_ -= b.capacity;
    least_idle_ = std::min(least_idle_, idle_.size());
    return b;
  }
  return {std::make_unique_for_overwrite<std::uint8_t[]>(capacity), capacity};
}

void BufferPool::put(Buffer b) {
  if (!b) return;
  idle_bytes_ += b.capacity;
  idle_.push_back(std::move(b));
  std::size_t oldest = 0;
  while (idle_bytes_ > kMostIdle) idle_bytes_ -= idle_[oldest++].capacity;
  drop(oldest);
}

void BufferPool::drop(std::size_t oldest) {
  idle_.erase(idle_.begin(), idle_.begin() + static_cast<std::ptrdiff_t>(oldest));
}

void BufferPool::trim() {
  const std::size_t unused = std::min(least_idle_, idle_.size());
  for (std::size_t i = 0; i < unused; ++i) idle_bytes_ -= idle_[i].capacity;
  drop(unused);
  least_idle_ = idle_.size();
}

}  // namespace gatehouse::session
