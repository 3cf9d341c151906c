// Mounting through a relay that runs.
#pragma once

#include "guest/mount/command.h"
#include "guest/mount/nfs_options.h"

namespace gatehouse::guest {

/// Exit statuses of mount(8).
inline constexpr int kMountUsage = 1;
inline constexpr int kMountSystem = 2;
inline constexpr int kMountFailed = 32;

/// run_mount_nfs: runs mount.nfs for the command through the relay, waits, and returns its exit status. What it writes
/// to standard error is its own.
int run_mount_nfs(const Command& command, NfsVersion version, const RelayPort& relay);

}  // namespace gatehouse::guest
