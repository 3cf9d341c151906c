// What all threads of the process share.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "proxy/audit/log.h"
#include "proxy/runtime/heartbeat.h"
#include "proxy/runtime/log_limiter.h"
#include "proxy/runtime/snapshot.h"
#include "proxy/runtime/trace.h"

namespace gatehouse::runtime {

/// Shared: lives as long as the process, and knows which snapshot is in force. Thread-safe.
class Shared {
 public:
  Shared(std::shared_ptr<Snapshot> first, std::size_t threads)
      : heartbeats(threads), traces(threads), now_(std::move(first)) {}

  /// now: the snapshot in force. Workers have their own, which may be the one before for a moment.
  [[nodiscard]] std::shared_ptr<Snapshot> now() const {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  /// replace: `next` is in force. The one before is returned, so that it dies without the lock.
  std::shared_ptr<Snapshot> replace(std::shared_ptr<Snapshot> next) {
    const std::lock_guard lock(mutex_);
    now_.swap(next);
    return next;
  }

  audit::Log audit_log;
  /// no_guest: whom its events about peers that are no guest are of.
  const std::shared_ptr<audit::Source> no_guest = std::make_shared<audit::Source>("", "", policy::Limits{}.audit_lines);
  LogLimiter nobody{10};                    ///< lines about peers that are no guest
  std::atomic<std::uint64_t> strangers{0};  ///< connections closed because no entry names the peer
  std::atomic<bool> draining{false};        ///< the process is about to end: nothing new is taken
  Heartbeats heartbeats;                    ///< of the acceptor and the workers
  TraceRings traces;                        ///< calls that are traced

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<Snapshot> now_;
};

}  // namespace gatehouse::runtime
