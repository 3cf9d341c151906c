#include "proxy/session/call_table.h"

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
  while (slots_[i].calls > 0 && (slots_[i].xid != xid || slots_[i].link != link)) i = (i + 1) & (slots_.size() - 1);
  return i;
}

const Outstanding* CallTable::find(std::uint32_t xid, std::uint16_t link) const {
  if (size_ == 0) return nullptr;
  const Slot& s = slots_[slot_of(xid, link)];
  return s.calls > 0 ? &s.call : nullptr;
}

bool CallTable::add(std::uint32_t xid, std::uint16_t link, Outstanding call) {
  if (used_ + 1 > slots_.size() / 4 * 3) grow();
  Slot& s = slots_[slot_of(xid, link)];
  if (s.calls == 0) {
    s = {xid, link, 0, 0, {}};
    ++used_;
  } else if (!same_caller(s.call.how.context.get(), call.how.context.get()) || s.call.nfs != call.nfs) {
    return false;
  } else if (s.answered != 0) {
    // The xid is in use again: nothing of it may expire before its next answer.
    s.answered = 0;
    --leftovers_;
  }
  s.call = std::move(call);
  ++s.calls;
  ++size_;
  return true;
}

bool CallTable::remove(std::uint32_t xid, std::uint16_t link, std::uint64_t now, Outstanding* call) {
  if (size_ == 0) return false;
  const std::size_t at = slot_of(xid, link);
  Slot& s = slots_[at];
  if (s.calls == 0) return false;
  --size_;
  if (--s.calls == 0) {
    if (call != nullptr) *call = std::move(s.call);
    free_slot(at);
    return true;
  }
  if (call != nullptr) *call = s.call;
  if (s.answered == 0) {
    s.answered = now;
    ++leftovers_;
  }
  return true;
}

std::optional<CallTable::Leftover> CallTable::expire(std::uint64_t until) {
  if (leftovers_ == 0) return std::nullopt;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const Slot& s = slots_[i];
    if (s.calls == 0 || s.answered == 0 || s.answered > until) continue;
    const Leftover out{s.link, s.calls};
    size_ -= s.calls;
    free_slot(i);
    return out;
  }
  return std::nullopt;
}

// Whatever was pushed past the hole moves back, so that every entry is reachable from its home.
void CallTable::free_slot(std::size_t hole) {
  const std::size_t mask = slots_.size() - 1;
  --used_;
  if (slots_[hole].answered != 0) --leftovers_;
  slots_[hole] = {};
  for (std::size_t i = (hole + 1) & mask; slots_[i].calls > 0; i = (i + 1) & mask) {
    if (((i - home(slots_[i].xid)) & mask) < ((i - hole) & mask)) continue;
    slots_[hole] = std::move(slots_[i]);
    slots_[i] = {};
    hole = i;
  }
}

void CallTable::grow() {
  std::vector<Slot> old(slots_.empty() ? kSmallest : slots_.size() * 2);
  old.swap(slots_);
  for (Slot& s : old)
    if (s.calls > 0) slots_[slot_of(s.xid, s.link)] = std::move(s);
}

}  // namespace gatehouse::session
