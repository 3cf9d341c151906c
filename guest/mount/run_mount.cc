#include "guest/mount/run_mount.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <vector>

namespace gatehouse::guest {
namespace {

constexpr const char* kProgram = "/sbin/mount.nfs";

std::vector<std::string> words_of(const Command& command, NfsVersion version, const RelayPort& relay) {
  std::vector<std::string> out = {"mount.nfs", std::string(relay.host()) + ':' + command.spec.path, command.directory};
  for (const char flag : command.flags) out.push_back(std::string("-") + flag);
  if (command.verbose) out.emplace_back("-v");
  out.emplace_back("-o");
  out.push_back(with_relay(command.options, version, relay).str());
  return out;
}

}  // namespace

int run_mount_nfs(const Command& command, NfsVersion version, const RelayPort& relay) {
  std::vector<std::string> words = words_of(command, version, relay);
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::execv(kProgram, argv.data());
    ::_exit(errno == ENOENT ? 127 : 126);
  }
  int status = 0;
  while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (child < 0 || !WIFEXITED(status)) {
    std::fprintf(stderr, "mount.gatehouse: %s could not be run to its end\n", kProgram);
    return kMountSystem;
  }
  if (WEXITSTATUS(status) < 126) return WEXITSTATUS(status);
  std::fprintf(stderr, "mount.gatehouse: %s cannot be run: install nfs-common (nfs-utils)\n", kProgram);
  return kMountSystem;
}

}  // namespace gatehouse::guest
