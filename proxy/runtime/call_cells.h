// Calls by flavor, program and what became of them.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "proxy/policy/guest.h"
#include "proxy/runtime/cell.h"
#include "rpc/call.h"

namespace gatehouse::runtime {

/// CallFlavor: what a call's credential says its flavor is; `other` is none that can be let in.
enum class CallFlavor : std::uint8_t { none, sys, krb5, krb5i, krb5p, other };
inline constexpr std::size_t kCallFlavors = static_cast<std::size_t>(CallFlavor::other) + 1;
std::string_view flavor_word(CallFlavor f);
/// flavor_of: by the credential alone: nothing of it is verified.
CallFlavor flavor_of(const rpc::OpaqueAuth& cred);

/// CallEnd: what became of a call.
enum class CallEnd : std::uint8_t {
  forwarded,  ///< to a backend
  answered,   ///< by the gateway itself: probes, RPCSEC_GSS control calls, rpcbind, some NFS calls
  refused,    ///< by the gateway
};
inline constexpr std::size_t kCallEnds = static_cast<std::size_t>(CallEnd::refused) + 1;
std::string_view end_word(CallEnd e);

/// kCountedPrograms: programs of one guest that are told apart; the last of them is all others.
inline constexpr std::size_t kCountedPrograms = 16;
/// counted_programs: the programs whose calls are told apart, at most kCountedPrograms - 1: what is granted to the
/// guest, then rpcbind. Nothing that a guest sends makes a new one.
std::vector<std::uint32_t> counted_programs(const policy::Guest& guest);

/// CallCells: one guest's calls on one thread. The cells are made at the first call: most guests of a large
/// configuration never meet most threads. add() belongs to the thread; get() is for all.
class CallCells {
 public:
  CallCells() = default;
  ~CallCells() { delete cells_.load(std::memory_order_relaxed); }
  CallCells(const CallCells&) = delete;
  CallCells& operator=(const CallCells&) = delete;

  /// add: one call more; `program` is below kCountedPrograms.
  void add(CallFlavor flavor, std::size_t program, CallEnd end) {
    Cells* c = cells_.load(std::memory_order_relaxed);
    if (c == nullptr) {
      c = std::make_unique<Cells>().release();
      cells_.store(c, std::memory_order_release);
    }
    (*c)[index(flavor, program, end)].add(1);
  }
  [[nodiscard]] std::uint64_t get(CallFlavor flavor, std::size_t program, CallEnd end) const {
    const Cells* const c = cells_.load(std::memory_order_acquire);
    return c == nullptr ? 0 : (*c)[index(flavor, program, end)].get();
  }

 private:
  using Cells = std::array<Cell, kCallFlavors * kCountedPrograms * kCallEnds>;
  static constexpr std::size_t index(CallFlavor flavor, std::size_t program, CallEnd end) {
    return (static_cast<std::size_t>(flavor) * kCountedPrograms + program) * kCallEnds + static_cast<std::size_t>(end);
  }
  std::atomic<Cells*> cells_{nullptr};
};

}  // namespace gatehouse::runtime
