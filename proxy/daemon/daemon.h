// The daemon: from a configuration to an exit status.
#pragma once

#include <filesystem>

#include "proxy/config/config.h"

namespace gatehouse::daemon {

/// run: serves the configuration, which was read from `file`, until SIGTERM or SIGINT; a second one ends it without
/// waiting for calls. SIGHUP reads `file` again, SIGUSR1 logs the counters. Returns the process's exit status: 0 after
/// a signal, 1 when the host refused something at the start (logged). Call once, from main, before any thread was
/// started.
int run(std::filesystem::path file, config::Config conf);

}  // namespace gatehouse::daemon
