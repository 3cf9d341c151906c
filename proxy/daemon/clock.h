// The clocks of this process.
#pragma once

#include <chrono>

#include "gss/context.h"
#include "proxy/runtime/clock.h"

namespace gatehouse::daemon {

/// clock_now: both clocks at this moment.
inline gss::Clock clock_now() {
  using std::chrono::system_clock;
  return {runtime::monotonic_ms(), system_clock::to_time_t(system_clock::now())};
}

}  // namespace gatehouse::daemon
