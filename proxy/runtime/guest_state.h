// What lives as long as a guest is configured, and what its configuration says now.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gss/contexts.h"
#include "proxy/audit/event.h"
#include "proxy/policy/guest.h"
#include "proxy/runtime/budget.h"
#include "proxy/runtime/counted_programs.h"
#include "proxy/runtime/counters.h"
#include "proxy/runtime/guest_nfs.h"
#include "proxy/runtime/log_limiter.h"
#include "proxy/runtime/rate_limiter.h"
#include "proxy/runtime/reservations.h"
#include "proxy/runtime/rpcbind_views.h"
#include "proxy/runtime/trace.h"

namespace gatehouse::runtime {

/// GuestPolicy: what one configuration says of a guest. Immutable; a reload puts another in its place.
struct GuestPolicy {
  /// GuestPolicy: `secret` and `generation` as GuestNfs wants them.
  GuestPolicy(policy::Guest g, rpc::Bytes secret, std::uint32_t generation, std::vector<RpcbindView> views)
      : guest(std::move(g)), nfs(guest, secret, generation), rpcbind(std::move(views)) {}

  const policy::Guest guest;
  const GuestNfs nfs;
  const std::vector<RpcbindView> rpcbind;
};

/// GuestState: a guest's limits in use, its contexts and its counters: from when its name, its peers and its trust are
/// what they are until they are not any more. Thread-safe except for counters(), whose cells belong to the thread of
/// that number (0: the acceptor, then the workers).
class GuestState {
 public:
  GuestState(const policy::Guest& guest, std::size_t threads);
  ~GuestState() { trace->gone.store(true, std::memory_order_relaxed); }
  GuestState(const GuestState&) = delete;
  GuestState& operator=(const GuestState&) = delete;

  const std::string name;
  Budget connections;
  Budget in_flight;
  Budget buffered;
  gss::ContextTable contexts;
  Budget nascent;  ///< INITs that are with the acceptor
  RateLimiter inits;
  Reservations gss_requests;  ///< krb5i and krb5p calls that are being received
  Reservations gss_replies;   ///< replies to them, which never wait for calls
  LogLimiter log;
  const std::shared_ptr<audit::Source> audit_source;  ///< whom the audit log's events are of
  CountedPrograms counted;                            ///< programs whose calls are counted apart, see count_call
  std::atomic<std::uint32_t> next_port{0};            ///< where the next link begins to look for a source port
  std::atomic<bool> draining{false};                  ///< gatehousectl drain: no new connections
  const std::shared_ptr<TraceSwitch> trace = std::make_shared<TraceSwitch>();

  /// apply: the limits and programs of `guest` from now on. For one thread.
  void apply(const policy::Guest& guest);

  /// sweep_due: true for one caller every ten seconds of the clock `now_ms`, who sweeps `contexts`.
  bool sweep_due(std::uint64_t now_ms) {
    constexpr std::uint64_t kEvery = 10000;
    std::uint64_t at = next_sweep_.load(std::memory_order_relaxed);
    return now_ms >= at && next_sweep_.compare_exchange_strong(at, now_ms + kEvery, std::memory_order_relaxed);
  }

  [[nodiscard]] GuestCounters& counters(std::size_t thread) { return counters_[thread]; }
  /// count_call: one call to `program` more, on `thread`.
  void count_call(std::size_t thread, CallFlavor flavor, std::uint32_t program, CallEnd end) {
    counters_[thread].calls.add(flavor, counted.place(program), end);
  }
  /// calls: of the program at place `at` of `counted`, on all threads.
  [[nodiscard]] std::uint64_t calls(CallFlavor flavor, std::size_t at, CallEnd end) const {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < threads_; ++i) total += counters_[i].calls.get(flavor, at, end);
    return total;
  }
  /// sum: of all threads, value by value, through `get` (GuestCounters -> Cell).
  template <class Get>
  [[nodiscard]] std::uint64_t sum(Get get) const {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < threads_; ++i) total += get(counters_[i]).get();
    return total;
  }

 private:
  std::atomic<std::uint64_t> next_sweep_{0};
  std::unique_ptr<GuestCounters[]> counters_;
  std::size_t threads_;
};

}  // namespace gatehouse::runtime
