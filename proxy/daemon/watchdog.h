// The service manager's watchdog (WatchdogSec=, sd_watchdog_enabled(3)).
#pragma once

#include <cstdint>

#include "proxy/runtime/heartbeat.h"

namespace gatehouse::daemon {

/// Watchdog: says "WATCHDOG=1" to the service manager as long as every thread comes round, so that a daemon of which
/// even one event loop is stuck is ended and started again. Belongs to one thread.
class Watchdog {
 public:
  /// Look: what a look at the threads came to.
  enum class Look : std::uint8_t {
    not_due,  ///< no watchdog is asked for, or the last message is recent
    well,     ///< tell the service manager
    stuck,    ///< a thread is late: nothing is to be said
  };

  /// Watchdog: `timeout_us` as WATCHDOG_USEC has it; 0: none is asked for. A thread is late when it has not come round
  /// for half of that, and for 2 seconds at least: a thread at rest comes round once a second.
  explicit Watchdog(std::uint64_t timeout_us);

  /// asked_for: WATCHDOG_USEC if it is meant for this process, else 0.
  static std::uint64_t asked_for();

  /// look: at `now_ms` of the clock of `beats`. Due four times in a time-out, once a second at most.
  Look look(std::uint64_t now_ms, const runtime::Heartbeats& beats);

  /// keep: look, told to the service manager, or once to the log.
  void keep(std::uint64_t now_ms, const runtime::Heartbeats& beats);

 private:
  const std::uint64_t every_ms_;  ///< 0: none is asked for
  const std::uint64_t late_ms_;
  std::uint64_t next_ = 0;
  bool reported_ = false;
};

}  // namespace gatehouse::daemon
