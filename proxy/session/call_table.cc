#include "proxy/session/call_table.h"

#include <utility>

namespace gatehouse::session {
namespace {
constexpr std::size_t kSmallest = 16;

// A client whose context ended retransmits with a new one of the same principal.
bool same_caller(const gss::Context* a, const gss::Context* b) {
  if (a == b) return true;
  return a != nullptr && b != nullptr && a->identity().principal == b->identity().principal;
}

}  // namespace

std::size_t CallTable::home(std::uint32_t xid) const {
  // Fibonacci hashing: xids count up, and the high bits of the product spread them.
  return static_cast<std::size_t>((xid * 0x9e3779b1U) >> 8) & (slots_.size() - 1);
}

// The slot of `xid` on `link`, or the free one where it would go. There is always a free one.
std::size_t CallTable::slot_of(std::uint32_t xid, std::uint16_t link) const {
  std::size_t i = home(xid);
  while (slots_[i].entry != kNone && (slots_[i].xid != xid || slots_[i].link != link))
    i = (i + 1) & (slots_.size() - 1);
  return i;
}

CallTable::Place CallTable::find(std::uint32_t xid, std::uint16_t link) const {
  if (size_ == 0) return {};
  const std::size_t at = slot_of(xid, link);
  if (slots_[at].entry == kNone) return {};
  return {&entries_[slots_[at].entry].call, at};
}

bool CallTable::add(std::uint32_t xid, std::uint16_t link, Outstanding call) {
  if (used_ + 1 > slots_.size() / 4 * 3) grow();
  Slot& s = slots_[slot_of(xid, link)];
  if (s.entry == kNone) {
    s = {xid, link, new_entry()};
    ++used_;
  }
  Entry& e = entries_[s.entry];
  if (e.calls > 0) {
    if (!same_caller(e.call.how.context.get(), call.how.context.get()) || e.call.nfs != call.nfs) return false;
    // The xid is in use again: nothing of it may expire before its next answer.
    if (e.answered != 0) --leftovers_;
    e.answered = 0;
  }
  e.call = std::move(call);
  ++e.calls;
  ++size_;
  return true;
}

Outstanding CallTable::take(Place place, std::uint64_t now) {
  Entry& e = entries_[slots_[place.slot].entry];
  --size_;
  if (--e.calls == 0) {
    Outstanding out = std::move(e.call);
    free_slot(place.slot);
    return out;
  }
  if (e.answered == 0) {
    e.answered = now;
    ++leftovers_;
  }
  return e.call;
}

bool CallTable::remove(std::uint32_t xid, std::uint16_t link, std::uint64_t now) {
  const Place place = find(xid, link);
  if (place) (void)take(place, now);
  return static_cast<bool>(place);
}

std::optional<CallTable::Leftover> CallTable::expire(std::uint64_t until) {
  if (leftovers_ == 0) return std::nullopt;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].entry == kNone) continue;
    Entry& e = entries_[slots_[i].entry];
    if (e.answered == 0 || e.answered > until) continue;
    const Leftover out{slots_[i].link, std::exchange(e.calls, 0)};
    size_ -= out.calls;
    free_slot(i);
    return out;
  }
  return std::nullopt;
}

// An entry without calls.
std::uint32_t CallTable::new_entry() {
  if (free_ != kNone) return std::exchange(free_, entries_[free_].next);
  entries_.emplace_back();
  return static_cast<std::uint32_t>(entries_.size() - 1);
}

// Frees the slot's entry. Whatever was pushed past the hole moves back, so that every slot is reachable from its home.
void CallTable::free_slot(std::size_t hole) {
  Entry& e = entries_[slots_[hole].entry];
  e.call.how.context.reset();
  if (e.answered != 0) --leftovers_;
  e.answered = 0;
  e.next = std::exchange(free_, slots_[hole].entry);
  --used_;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = (hole + 1) & mask; slots_[i].entry != kNone; i = (i + 1) & mask) {
    if (((i - home(slots_[i].xid)) & mask) < ((i - hole) & mask)) continue;
    slots_[hole] = slots_[i];
    hole = i;
  }
  slots_[hole].entry = kNone;
}

void CallTable::grow() {
  std::vector<Slot> old(slots_.empty() ? kSmallest : slots_.size() * 2);
  old.swap(slots_);
  entries_.reserve(slots_.size() / 4 * 3);
  for (const Slot& s : old)
    if (s.entry != kNone) slots_[slot_of(s.xid, s.link)] = s;
}

}  // namespace gatehouse::session
