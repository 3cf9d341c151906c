// Calls without a reply, by xid.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "gss/context.h"
#include "proxy/runtime/latency.h"
#include "proxy/session/nfs_note.h"
#include "rpc/gss_cred.h"

namespace gatehouse::session {

/// Protected: how the reply to a call is protected; without a context it is not.
struct Protected {
  std::shared_ptr<gss::Context> context;
  std::uint32_t seq = 0;  ///< of the newest transmission: its verifier is right for every answer
  rpc::GssService service = rpc::GssService::none;
};

/// Outstanding: what the reply to a call needs of it.
struct Outstanding {
  Protected how;
  NfsNote nfs;
  runtime::CallTimes times = {};
};

/// CallTable: a hash table of xids and the links they went to, with how often. A client may send a call again under its
/// xid; each transmission counts against limits until it is answered, but a server may answer once and drop the others:
/// what is left of an xid that was answered expires. Open addressing, deletion by shifting back: what is shifted and
/// searched is small, the calls lie where they are, those that ended last are used first. Grows by doubling and is
/// given back whole when empty (release); no allocation per call. Not thread-safe.
class CallTable {
 public:
  /// add: remembers that call `xid` went to `link`. A retransmission is one call more: the backend answers each; how
  /// its reply is protected replaces what was remembered. False, and nothing is done: the outstanding call is another
  /// principal's, or one of the two has none, or its results would be read otherwise. Its answer, which nothing tells
  /// from the other's, would be protected for the wrong one, or changed in the wrong way.
  [[nodiscard]] bool add(std::uint32_t xid, std::uint16_t link, Outstanding call = {});

  /// Place: where a call is, if it is anywhere. Valid until the table changes.
  struct Place {
    const Outstanding* call = nullptr;
    std::size_t slot = 0;
    explicit operator bool() const { return call != nullptr; }
    const Outstanding* operator->() const { return call; }
  };
  /// find: the call `xid` on `link`.
  [[nodiscard]] Place find(std::uint32_t xid, std::uint16_t link) const;
  /// take: forgets one transmission of a call that was found, answered at `now` (ms, not 0).
  Outstanding take(Place place, std::uint64_t now);
  /// remove: the same of one that is looked for; false: there is no such call.
  bool remove(std::uint32_t xid, std::uint16_t link, std::uint64_t now);

  /// Leftover: transmissions of one xid that will not be answered.
  struct Leftover {
    std::uint16_t link = 0;
    std::uint32_t calls = 0;
  };
  /// expire: forgets one xid whose first answer came at `until` or before; nothing when there is none. O(size).
  std::optional<Leftover> expire(std::uint64_t until);

  [[nodiscard]] std::size_t size() const { return size_; }
  /// release: gives the memory of an empty table back.
  void release() {
    if (size_ > 0) return;
    slots_ = {};
    entries_ = {};
    free_ = kNone;
  }

 private:
  static constexpr std::uint32_t kNone = 0xffffffffU;
  struct Slot {
    std::uint32_t xid = 0;
    std::uint16_t link = 0;
    std::uint32_t entry = kNone;  ///< kNone: the slot is free
  };
  struct Entry {
    Outstanding call;
    std::uint64_t answered = 0;  ///< ms; 0: not yet
    std::uint32_t calls = 0;     ///< transmissions
    std::uint32_t next = kNone;  ///< of the entries that are free
  };
  [[nodiscard]] std::size_t home(std::uint32_t xid) const;
  [[nodiscard]] std::size_t slot_of(std::uint32_t xid, std::uint16_t link) const;
  std::uint32_t new_entry();
  void grow();
  void free_slot(std::size_t hole);

  std::vector<Slot> slots_;  // size 0 or a power of two
  std::vector<Entry> entries_;
  std::uint32_t free_ = kNone;
  std::size_t used_ = 0;       // slots
  std::size_t size_ = 0;       // calls
  std::size_t leftovers_ = 0;  // slots that were answered and are still there
};

}  // namespace gatehouse::session
