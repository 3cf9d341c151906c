// Counters for people and tests.
#pragma once

#include "proxy/runtime/state.h"

namespace gatehouse::daemon {

/// report_counters: one log line a guest (event=counters) with every counter that is not zero: counts by name,
/// decisions as rule-WORD, closes as closed-WORD; and one line for peers that are no guest.
void report_counters(const runtime::Shared& shared);

}  // namespace gatehouse::daemon
