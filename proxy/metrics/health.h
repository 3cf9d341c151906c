// Whether the daemon is alive, and whether it can serve.
#pragma once

#include <string>

#include "proxy/runtime/state.h"

namespace gatehouse::metrics {

/// kLate: a thread that was not seen for so long is stuck, milliseconds; each comes round once a second.
inline constexpr std::uint64_t kLate = 3000;

/// Verdict: the answer to a check; `text` is "ok", or one line for each thing that is wrong, for people.
struct Verdict {
  bool good = true;
  std::string text;
};

/// thread_name: of the thread of that number: "acceptor", "worker-1" ...
std::string thread_name(std::size_t thread);

/// healthy: whether every event loop turned lately, at `now_ms` of the clock of Heartbeats.
Verdict healthy(const runtime::Shared& shared, std::uint64_t now_ms);

/// ready: whether every listener takes connections and no backend refused the last try. A backend that nobody used yet
/// counts as ready.
Verdict ready(const runtime::Shared& shared);

}  // namespace gatehouse::metrics
