#include "proxy/session/call_table.h"

namespace gatehouse::session {
namespace {
constexpr std::size_t kSmallest = 16;
}

std::size_t CallTable::home(std::uint32_t xid) const {
  // Fibonacci hashing: xids count up, and the high bits of the product spread them.
  return static_cast<std::size_t>((xid * 0x9e3779b1U) >> 8) & (slots_.size() - 1);
}

// The slot of `xid`, or the free one where it would go. There is always a free one.
std::size_t CallTable::find(std::uint32_t xid) const {
  std::size_t i = home(xid);
  while (slots_[i].used && slots_[i].xid != xid) i = (i + 1) & (slots_.size() - 1);
  return i;
}

CallTable::Added CallTable::add(std::uint32_t xid, std::uint16_t link) {
  if (size_ + 1 > slots_.size() / 4 * 3) grow();
  Slot& s = slots_[find(xid)];
  const Added added = s.used ? Added::replaced : Added::fresh;
  if (!s.used) ++size_;
  s = {xid, link, true};
  return added;
}

bool CallTable::contains(std::uint32_t xid) const {
  return link_of(xid) >= 0;
}

int CallTable::link_of(std::uint32_t xid) const {
  if (size_ == 0) return -1;
  const Slot& s = slots_[find(xid)];
  return s.used ? s.link : -1;
}

bool CallTable::remove(std::uint32_t xid, std::uint16_t link) {
  if (size_ == 0) return false;
  const std::size_t mask = slots_.size() - 1;
  std::size_t hole = find(xid);
  if (!slots_[hole].used || slots_[hole].link != link) return false;
  // Whatever was pushed past the hole moves back, so that every entry is reachable from its home.
  for (std::size_t i = (hole + 1) & mask; slots_[i].used; i = (i + 1) & mask) {
    if (((i - home(slots_[i].xid)) & mask) >= ((i - hole) & mask)) {
      slots_[hole] = slots_[i];
      hole = i;
    }
  }
  slots_[hole].used = false;
  --size_;
  return true;
}

void CallTable::grow() {
  std::vector<Slot> old(slots_.empty() ? kSmallest : slots_.size() * 2);
  old.swap(slots_);
  for (const Slot& s : old)
    if (s.used) slots_[find(s.xid)] = s;
}

}  // namespace gatehouse::session
