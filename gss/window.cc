#include "gss/window.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace gatehouse::gss {
namespace {
constexpr std::uint32_t kWordBits = 64;
}  // namespace

// A power of two of bits, so that a number's place is a mask away.
std::size_t SequenceWindow::ring_words(std::uint32_t size) {
  return std::bit_ceil(std::max<std::size_t>(size, kWordBits)) / kWordBits;
}

SequenceWindow::SequenceWindow(std::uint32_t size) : size_(std::max(size, 1U)), seen_(ring_words(size_)) {}

bool SequenceWindow::consistent(const State& state) {
  if (state.size == 0 || state.seen.size() != ring_words(state.size)) return false;
  if (!state.any) return state.newest == 0 && std::ranges::all_of(state.seen, [](std::uint64_t w) { return w == 0; });
  const std::uint64_t word = state.seen[(state.newest / kWordBits) & (state.seen.size() - 1)];
  return (word >> (state.newest % kWordBits) & 1U) != 0;
}

SequenceWindow::SequenceWindow(State state)
    : size_(state.size), any_(state.any), newest_(state.newest), seen_(std::move(state.seen)) {}

SequenceWindow::State SequenceWindow::state() const {
  const std::lock_guard lock(mutex_);
  return {size_, any_, newest_, seen_};
}

//= rfc2203#5.3.3.1
//# numbers from the newest down to the newest - seq_window + 1 are accepted, each once
SequenceWindow::Answer SequenceWindow::admit(std::uint32_t seq) {
  const std::uint64_t bit = std::uint64_t{1} << (seq % kWordBits);
  const std::lock_guard lock(mutex_);
  std::uint64_t& word = seen_[word_of(seq)];
  if (any_ && seq <= newest_) {
    // In 64 bits: near 0 the window reaches below the first number.
    if (std::uint64_t{seq} + size_ <= newest_) return Answer::below;
    if ((word & bit) != 0) return Answer::duplicate;
  } else {
    if (any_) forget_between(newest_, seq);
    any_ = true;
    newest_ = seq;
  }
  word |= bit;
  return Answer::fresh;
}

// The numbers above `from`, up to `to`, take the places of older ones: their bits are cleared, whole words at a time.
void SequenceWindow::forget_between(std::uint32_t from, std::uint32_t to) {
  if (to - from >= seen_.size() * kWordBits) {
    std::ranges::fill(seen_, 0);
    return;
  }
  std::uint64_t next = std::uint64_t{from} + 1;
  while (next <= to) {
    const auto low = static_cast<std::uint32_t>(next % kWordBits);
    const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(kWordBits - low, to - next + 1));
    const std::uint64_t ones = count == kWordBits ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
    seen_[word_of(static_cast<std::uint32_t>(next))] &= ~(ones << low);
    next += count;
  }
}

std::size_t SequenceWindow::word_of(std::uint32_t seq) const {
  return (seq / kWordBits) & (seen_.size() - 1);
}

}  // namespace gatehouse::gss
