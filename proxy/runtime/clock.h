// The clock that time-outs go by.
#pragma once

#include <chrono>
#include <cstdint>

namespace gatehouse::runtime {

/// monotonic_ms: milliseconds of CLOCK_MONOTONIC. Thread-safe.
inline std::uint64_t monotonic_ms() {
  using std::chrono::duration_cast, std::chrono::milliseconds, std::chrono::steady_clock;
  return static_cast<std::uint64_t>(duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count());
}

}  // namespace gatehouse::runtime
