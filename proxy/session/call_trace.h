// Calls of one session that are traced and have no reply yet.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "proxy/runtime/trace.h"

namespace gatehouse::session {

/// CallTrace: what a trace will show of calls when their replies come. A plain table by xid, made at a session's first
/// traced call: nothing is allocated per call. Not thread-safe.
class CallTrace {
 public:
  static constexpr std::size_t kPending = 128;

  /// begin: remembers a call that went to `link`. False: the place was taken by one that is forgotten now: xids of
  /// more than kPending calls, or the same call again.
  bool begin(std::uint16_t link, const runtime::TraceRecord& call) {
    Slot& slot = slots_[call.xid % kPending];
    const bool free = !slot.used;
    slot = {true, link, call};
    return free;
  }
  /// end: the call `xid` of `link`, which is forgotten; nothing when it is not here.
  std::optional<runtime::TraceRecord> end(std::uint16_t link, std::uint32_t xid) {
    Slot& slot = slots_[xid % kPending];
    if (!slot.used || slot.link != link || slot.call.xid != xid) return std::nullopt;
    slot.used = false;
    return slot.call;
  }
  /// end_all: calls `f` with each call that is left, and forgets them.
  template <class F>
  void end_all(F f) {
    for (Slot& slot : slots_)
      if (slot.used) {
        slot.used = false;
        f(slot.call);
      }
  }

 private:
  struct Slot {
    bool used = false;
    std::uint16_t link = 0;
    runtime::TraceRecord call;
  };
  std::array<Slot, kPending> slots_;
};

}  // namespace gatehouse::session
