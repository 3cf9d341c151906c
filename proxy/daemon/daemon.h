// The daemon: workers, listeners and signals.
#pragma once

#include "proxy/config/config.h"

namespace gatehouse::daemon {

/// run: serves the configuration until SIGTERM or SIGINT. SIGUSR1 logs the counters. Returns the process's exit
/// status: 0 after a signal, 1 when the host refused something at the start (logged). Call once, from main, before any
/// thread was started.
int run(config::Config conf);

}  // namespace gatehouse::daemon
