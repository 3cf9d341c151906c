// What metrics and health are read from.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "proxy/offload/accept_pool.h"
#include "proxy/runtime/state.h"

namespace gatehouse::metrics {

/// ConfigLoad: what became of the last load of the configuration. Thread-safe.
struct ConfigLoad {
  std::atomic<bool> good{true};         ///< the last load
  std::atomic<std::int64_t> loaded{0};  ///< seconds since 1970: the last that was good
};

/// Sources: all of it outlives whoever has it. Reading from it is thread-safe.
struct Sources {
  const runtime::Shared& shared;
  const ConfigLoad& load;
  std::string_view version;
  std::int64_t started;  ///< seconds since 1970
};

/// Moment: the sources, and the configuration in force for one reading of them.
struct Moment : Sources {
  explicit Moment(const Sources& from) : Sources(from), now(from.shared.now()) {}
  const std::shared_ptr<const runtime::Snapshot> now;
};

}  // namespace gatehouse::metrics
