#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <string>

namespace gatehouse::bench {

// monotonic_ns returns CLOCK_MONOTONIC in nanoseconds.
std::uint64_t monotonic_ns();

// cpu_ns returns the CPU time, user and system, of a process: all its threads, those that ended too, exact to the call
// (the kernel's process clock, not its ticks). The error names the pid.
std::expected<std::uint64_t, std::string> cpu_ns(pid_t pid);

// private_dirty returns the bytes of memory that only this process has, from smaps_rollup. The error names the file.
std::expected<std::uint64_t, std::string> private_dirty(pid_t pid);

}  // namespace gatehouse::bench
