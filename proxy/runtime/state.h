// What lives as long as a guest or a backend is configured, shared by all workers.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <span>
#include <vector>

#include "gss/contexts.h"
#include "proxy/config/config.h"
#include "proxy/runtime/budget.h"
#include "proxy/runtime/counters.h"
#include "proxy/runtime/guest_index.h"
#include "proxy/runtime/guest_nfs.h"
#include "proxy/runtime/heartbeat.h"
#include "proxy/runtime/latency.h"
#include "proxy/runtime/log_limiter.h"
#include "proxy/runtime/rate_limiter.h"
#include "proxy/runtime/reservations.h"
#include "proxy/runtime/rpcbind_views.h"

namespace gatehouse::runtime {

/// GuestState: a guest's limits in use and its counters. Thread-safe except for counters(), whose cells belong to the
/// thread of that number (0: the acceptor, then the workers).
class GuestState {
 public:
  /// GuestState: `secret` as GuestNfs wants it.
  GuestState(const policy::Guest& guest, std::size_t threads, rpc::Bytes secret)
      : policy(guest),
        nfs(guest, secret),
        connections(guest.limits.connections),
        in_flight(guest.limits.in_flight),
        buffered(guest.limits.buffered_bytes),
        contexts(guest.limits.contexts),
        nascent(guest.limits.nascent_contexts),
        inits(guest.limits.inits_per_second),
        gss_requests(guest.limits.gss_request_bytes),
        gss_replies(guest.limits.gss_reply_bytes),
        log(guest.limits.log_lines),
        counted(counted_programs(guest)),
        counters_(std::make_unique<GuestCounters[]>(threads)),
        threads_(threads) {}

  const policy::Guest& policy;
  const GuestNfs nfs;
  Budget connections;
  Budget in_flight;
  Budget buffered;
  gss::ContextTable contexts;
  Budget nascent;  ///< INITs that are with the acceptor
  RateLimiter inits;
  Reservations gss_requests;  ///< krb5i and krb5p calls that are being received
  Reservations gss_replies;   ///< replies to them, which never wait for calls
  LogLimiter log;
  const std::vector<std::uint32_t> counted;  ///< programs whose calls are counted apart, see count_call
  std::vector<RpcbindView> rpcbind;          ///< set by Shared, before any thread sees it
  std::atomic<std::uint32_t> next_port{0};   ///< where the next link begins to look for a source port

  /// sweep_due: true for one caller every ten seconds of the clock `now_ms`, who sweeps `contexts`.
  bool sweep_due(std::uint64_t now_ms) {
    constexpr std::uint64_t kEvery = 10000;
    std::uint64_t at = next_sweep_.load(std::memory_order_relaxed);
    return now_ms >= at && next_sweep_.compare_exchange_strong(at, now_ms + kEvery, std::memory_order_relaxed);
  }

  [[nodiscard]] GuestCounters& counters(std::size_t thread) { return counters_[thread]; }
  /// count_call: one call to `program` more, on `thread`.
  void count_call(std::size_t thread, CallFlavor flavor, std::uint32_t program, CallEnd end) {
    const auto at = static_cast<std::size_t>(std::ranges::find(counted, program) - counted.begin());
    counters_[thread].calls.add(flavor, at, end);
  }
  /// calls: of program `at` of `counted`, or of all others (counted.size()), on all threads.
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

/// BackendState: a backend's configuration, whether it was last seen up, and how long its calls take. Thread-safe, but
/// for times(), whose cells belong to the thread of that number.
class BackendState {
 public:
  BackendState(const config::Backend& c, std::size_t threads)
      : conf(c), times_(std::make_unique<BackendTimes[]>(threads)), threads_(threads) {}
  const config::Backend& conf;

  /// Seen: what came of the last try to connect.
  enum class Seen : std::uint8_t { untried, up, down };
  [[nodiscard]] Seen seen() const { return seen_.load(std::memory_order_relaxed); }

  /// went_down, came_up: true for the one caller that saw the change, who logs it.
  bool went_down() { return seen_.exchange(Seen::down) != Seen::down; }
  bool came_up() { return seen() != Seen::up && seen_.exchange(Seen::up) == Seen::down; }

  [[nodiscard]] BackendTimes& times(std::size_t thread) { return times_[thread]; }
  /// all_times: of every thread.
  [[nodiscard]] std::span<const BackendTimes> all_times() const { return {times_.get(), threads_}; }

 private:
  std::atomic<Seen> seen_{Seen::untried};
  std::unique_ptr<BackendTimes[]> times_;
  std::size_t threads_;
};

/// Shared: one configuration in force and all that goes with it. Made once, then safe for all threads.
struct Shared {
  /// Shared: `secret` as GuestNfs wants it; see ready().
  Shared(config::Config c, std::size_t worker_count, rpc::Bytes secret)
      : conf(std::move(c)),
        index(conf.guests),
        nobody(10),
        heartbeats(worker_count + 1),
        listening(conf.listeners.size()) {
    for (const policy::Guest& g : conf.guests)
      guests.push_back(std::make_unique<GuestState>(g, worker_count + 1, secret));
    for (std::uint32_t i = 0; i < guests.size(); ++i) guests[i]->rpcbind = rpcbind_views(conf, index, i);
    for (const config::Backend& b : conf.backends)
      backends.push_back(std::make_unique<BackendState>(b, worker_count + 1));
  }

  /// ready: every guest has its keys. False: nobody may be served.
  [[nodiscard]] bool ready() const {
    return std::ranges::all_of(guests, [](const auto& g) { return g->nfs.ready; });
  }

  const config::Config conf;
  const GuestIndex index;
  std::vector<std::unique_ptr<GuestState>> guests;      ///< as conf.guests
  std::vector<std::unique_ptr<BackendState>> backends;  ///< as conf.backends
  LogLimiter nobody;                                    ///< lines about peers that are no guest
  std::atomic<std::uint64_t> strangers{0};              ///< connections closed because no entry names the peer
  Heartbeats heartbeats;                                ///< of the acceptor and the workers
  std::vector<std::atomic<bool>> listening;             ///< as conf.listeners: connections are taken there
};

}  // namespace gatehouse::runtime
