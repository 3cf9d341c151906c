// Calls as they pass, for gatehousectl trace: written by the workers, read by the admin socket's thread.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <type_traits>
#include <vector>

#include "proxy/policy/decide.h"
#include "proxy/runtime/call_cells.h"

namespace gatehouse::runtime {

/// TraceSwitch: whether a guest's calls are recorded. Thread-safe; outlives the guest as long as somebody traces it.
struct TraceSwitch {
  std::atomic<bool> on{false};
  std::atomic<bool> gone{false};          ///< the guest is not there any more
  std::atomic<std::uint64_t> dropped{0};  ///< calls that were not recorded: nobody took what was there before

  /// wanted: all that a call costs when nobody traces its guest.
  [[nodiscard]] bool wanted() const { return on.load(std::memory_order_relaxed); }
  void drop() { dropped.fetch_add(1, std::memory_order_relaxed); }
};

/// TraceEnd: what became of a call that is traced.
enum class TraceEnd : std::uint8_t {
  forwarded,   ///< to a backend, which answered
  unanswered,  ///< to a backend; the session ended before its reply came
  answered,    ///< by the gateway itself
  refused,     ///< by the gateway
};
std::string_view trace_end_word(TraceEnd e);

/// TraceRecord: one call, without a byte of its payload. A plain value of fixed size.
struct TraceRecord {
  static constexpr std::size_t kName = 96;
  static constexpr std::uint32_t kNoRule = 0xffffffffU;

  const TraceSwitch* guest = nullptr;  ///< of whose guest: for comparing only
  std::uint64_t session = 0;
  std::uint64_t at_us = 0;          ///< when it was here whole enough to be decided: microseconds since 1970
  std::uint64_t latency_ns = 0;     ///< until its reply was passed on; 0 of what the gateway answers
  std::uint64_t request_bytes = 0;  ///< of the record: header and body
  std::uint64_t reply_bytes = 0;    ///< 0: the gateway's own, or none
  std::uint32_t xid = 0;
  std::uint32_t program = 0;
  std::uint32_t version = 0;
  std::uint32_t procedure = 0;
  std::uint32_t uid = 0;         ///< that goes on to the backend, if has_uid
  std::uint32_t rule = kNoRule;  ///< policy::Rule, or kNoRule: none was asked, as for a bad RPCSEC_GSS header
  CallFlavor flavor = CallFlavor::other;
  TraceEnd end = TraceEnd::refused;
  bool has_uid = false;
  std::uint8_t name_size = 0;
  std::array<char, kName> name{};  ///< who calls: the principal, cut; empty with AUTH_SYS and AUTH_NONE

  void set_name(std::string_view text) {
    name_size = static_cast<std::uint8_t>(std::min(text.size(), kName));
    std::copy_n(text.data(), name_size, name.begin());
  }
  [[nodiscard]] std::string_view name_text() const { return {name.data(), name_size}; }
};
static_assert(std::is_trivially_copyable_v<TraceRecord>);

/// TraceRing: records on their way from one thread to one other. push() belongs to the first, take() to the second.
class TraceRing {
 public:
  static constexpr std::size_t kRecords = 1024;  // a power of two

  /// push: false, and nothing is done: the reader is behind.
  bool push(const TraceRecord& r) {
    const std::uint64_t at = written_.load(std::memory_order_relaxed);
    if (at - read_.load(std::memory_order_acquire) == kRecords) return false;
    records_[at % kRecords] = r;
    written_.store(at + 1, std::memory_order_release);
    return true;
  }
  /// take: appends what is there.
  void take(std::vector<TraceRecord>& out);

 private:
  alignas(64) std::atomic<std::uint64_t> written_{0};
  alignas(64) std::atomic<std::uint64_t> read_{0};
  std::array<TraceRecord, kRecords> records_;
};

/// TraceRings: one a thread, made when the first guest is traced and kept: a worker may be about to write.
class TraceRings {
 public:
  explicit TraceRings(std::size_t threads) : rings_(threads) {}
  ~TraceRings();
  TraceRings(const TraceRings&) = delete;
  TraceRings& operator=(const TraceRings&) = delete;

  /// make: reader only; before the first TraceSwitch is switched on.
  void make();
  /// record: of `thread`, by that thread; counted as dropped where there is no room.
  void record(std::size_t thread, const TraceRecord& r, TraceSwitch& guest) {
    TraceRing* const ring = rings_[thread].load(std::memory_order_acquire);
    if (ring == nullptr || !ring->push(r)) guest.drop();
  }
  /// take: appends what all threads recorded since the last time; reader only.
  void take(std::vector<TraceRecord>& out);

 private:
  std::vector<std::atomic<TraceRing*>> rings_;
};

}  // namespace gatehouse::runtime
