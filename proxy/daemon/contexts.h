// The contexts of all guests, over a restart.
#pragma once

#include <vector>

#include "proxy/net/listen.h"
#include "proxy/runtime/snapshot.h"

namespace gatehouse::daemon {

/// restore_contexts: gives the guests of `snapshot` what a gatehoused before this one has left to them by way of the
/// service manager, for `threads` threads, and closes what else was passed and is no socket. Both are taken out of
/// `passed`, and logged. Before any worker begins.
void restore_contexts(std::vector<net::PassedSocket>& passed, const runtime::Snapshot& snapshot, std::size_t threads);

/// save_contexts: leaves the contexts of all guests to the next gatehoused, where there is a service manager that keeps
/// them; logged. After the last worker has ended: no context may be used any more.
void save_contexts(const runtime::Snapshot& snapshot);

}  // namespace gatehouse::daemon
