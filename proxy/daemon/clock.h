// The clocks of this process.
#pragma once

#include <chrono>

#include "gss/context.h"

namespace gatehouse::daemon {

/// clock_now: both clocks at this moment.
inline gss::Clock clock_now() {
  using std::chrono::duration_cast, std::chrono::milliseconds, std::chrono::steady_clock, std::chrono::system_clock;
  return {static_cast<std::uint64_t>(duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count()),
          system_clock::to_time_t(system_clock::now())};
}

}  // namespace gatehouse::daemon
