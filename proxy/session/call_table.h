// Calls without a reply, by xid.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gatehouse::session {

/// CallTable: a hash table of xids, each with the link it went to. Open addressing, deletion by shifting back, grows by
/// doubling and is given back whole when empty (release); no allocation per call. Not thread-safe.
class CallTable {
 public:
  enum class Added : std::uint8_t { fresh, replaced };

  /// add: remembers that call `xid` went to `link`. A retransmission replaces the entry that is there.
  Added add(std::uint32_t xid, std::uint16_t link);
  /// contains: whether `xid` is outstanding.
  [[nodiscard]] bool contains(std::uint32_t xid) const;
  /// link_of: where outstanding call `xid` went; -1: it is not outstanding.
  [[nodiscard]] int link_of(std::uint32_t xid) const;
  /// remove: forgets `xid` if it went to `link`. False: there is no such call.
  bool remove(std::uint32_t xid, std::uint16_t link);

  [[nodiscard]] std::size_t size() const { return size_; }
  /// release: gives the memory of an empty table back.
  void release() {
    if (size_ == 0) slots_ = {};
  }

 private:
  struct Slot {
    std::uint32_t xid = 0;
    std::uint16_t link = 0;
    bool used = false;
  };
  [[nodiscard]] std::size_t home(std::uint32_t xid) const;
  [[nodiscard]] std::size_t find(std::uint32_t xid) const;
  void grow();

  std::vector<Slot> slots_;  // size 0 or a power of two
  std::size_t size_ = 0;
};

}  // namespace gatehouse::session
