#include "proxy/daemon/watchdog.h"

#include <systemd/sd-daemon.h>

#include <algorithm>

#include "proxy/log/log.h"

namespace gatehouse::daemon {
namespace {

constexpr std::uint64_t kMicroseconds = 1000;  // in a millisecond
constexpr std::uint64_t kRest = 1000;          // ms: how often a thread at rest comes round
constexpr std::uint64_t kSoonestLate = 2 * kRest;

}  // namespace

Watchdog::Watchdog(std::uint64_t timeout_us)
    : every_ms_(timeout_us == 0 ? 0 : std::max(timeout_us / kMicroseconds / 4, kRest)),
      late_ms_(std::max(timeout_us / kMicroseconds / 2, kSoonestLate)) {}

std::uint64_t Watchdog::asked_for() {
  std::uint64_t timeout_us = 0;
  return ::sd_watchdog_enabled(0, &timeout_us) > 0 ? timeout_us : 0;
}

Watchdog::Look Watchdog::look(std::uint64_t now_ms, const runtime::Heartbeats& beats) {
  if (every_ms_ == 0 || now_ms < next_) return Look::not_due;
  // A thread that beats at this very moment may be ahead of our clock.
  if (beats.oldest() + late_ms_ < now_ms) return Look::stuck;
  next_ = now_ms + every_ms_;
  return Look::well;
}

void Watchdog::keep(std::uint64_t now_ms, const runtime::Heartbeats& beats) {
  const Look seen = look(now_ms, beats);
  if (seen == Look::well) {
    ::sd_notify(0, "WATCHDOG=1");
    reported_ = false;
  }
  if (seen != Look::stuck || reported_) return;
  reported_ = true;
  for (std::size_t i = 0; i < beats.size(); ++i)
    if (beats.last(i) + late_ms_ < now_ms)
      log::Line(log::Level::error, "thread-stuck")
          .add("thread", i)
          .add("milliseconds", now_ms - beats.last(i))
          .add("hint", "the service manager's watchdog will end this process if it does not come round")
          .write();
}

}  // namespace gatehouse::daemon
