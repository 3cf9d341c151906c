#include "tests/bench/process.h"

#include <time.h>

#include <cstring>
#include <fstream>

namespace gatehouse::bench {
namespace {

std::uint64_t nanoseconds(const timespec& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace

std::uint64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return nanoseconds(now);
}

std::expected<std::uint64_t, std::string> cpu_ns(pid_t pid) {
  clockid_t clock{};
  timespec used{};
  const int error = clock_getcpuclockid(pid, &clock);
  if (error != 0 || clock_gettime(clock, &used) != 0) {
    return std::unexpected("CPU time of process " + std::to_string(pid) + ": " +
                           std::strerror(error != 0 ? error : errno) + "; is it running?");
  }
  return nanoseconds(used);
}

std::expected<std::uint64_t, std::string> private_dirty(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/smaps_rollup";
  std::ifstream file(path);
  std::string word;
  while (file >> word) {
    std::uint64_t kib = 0;
    if (word == "Private_Dirty:" && file >> kib) return kib * 1024;
  }
  return std::unexpected(path + ": no Private_Dirty there; is the process running, and yours?");
}

}  // namespace gatehouse::bench
