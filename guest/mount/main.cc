// mount.gatehouse: what mount(8) runs for -t gatehouse. docs/operations/guests.md.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "guest/mount/command.h"
#include "guest/mount/kernel_mount.h"
#include "guest/mount/probe.h"
#include "guest/mount/registry.h"
#include "guest/mount/run_mount.h"
#include "guest/mount/start_relay.h"

namespace {

using namespace gatehouse;
using namespace gatehouse::guest;

int complain(const std::string& what, int status) {
  std::fprintf(stderr, "mount.gatehouse: %s\n", what.c_str());
  return status;
}

// What is wrong with the mount point; empty: nothing.
std::string fault_of(const std::string& directory) {
  struct stat st{};
  if (::stat(directory.c_str(), &st) != 0) {
    if (errno == ENOENT) return "mount point " + directory + " does not exist: mkdir " + directory;
    return "mount point " + directory + ": " + std::strerror(errno);
  }
  return S_ISDIR(st.st_mode) ? std::string() : "mount point " + directory + " is not a directory";
}

// Whether something is mounted there: it lies on another device than the directory that holds it.
bool is_mount_point(const std::string& directory) {
  struct stat here{};
  struct stat above{};
  return ::stat(directory.c_str(), &here) == 0 && ::stat((directory + "/..").c_str(), &above) == 0 &&
         here.st_dev != above.st_dev;
}

// Minutes that a mount in the foreground goes on trying: retry= of nfs(5). Where it is not stated the first answer
// counts: a clear error at once is better than two minutes of silence.
long patience_minutes(const OptionList& options) {
  const auto text = options.value("retry");
  long minutes = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), minutes).ec != std::errc{}) return 0;
  return minutes;
}

// Asks until an NFS service answers or patience ends. Empty: it does, or mount.nfs shall go on trying in the
// background.
template <typename Ask>
std::string await_service(const OptionList& options, Ask ask) {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const time_t deadline = now.tv_sec + patience_minutes(options) * 60;
  for (;;) {
    const std::string fault = ask();
    if (fault.empty() || options.has("bg")) return {};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec >= deadline) return fault;
    const timespec pause{1, 0};
    ::nanosleep(&pause, nullptr);
  }
}

int mount_through(const Command& command, NfsVersion version, const RelayPort& relay) {
  if (command.verbose) {
    std::printf("mount.gatehouse: relay %s:%u\n", relay.host(), static_cast<unsigned>(relay.port));
    if (version == NfsVersion::v3) std::puts("mount.gatehouse: locks of NFSv3 stay within this machine (nolock)");
  }
  if (command.server.empty()) return run_mount_nfs(command, version, relay);
  const int error = kernel_mount(command.server, command.spec.path, command.directory, command.options, version, relay);
  // As mount.nfs has it, so that `mount -a` may be said twice.
  if (error == 0 || (error == EBUSY && is_mount_point(command.directory))) return 0;
  return complain("mounting " + command.server + ':' + command.spec.path +
                      " failed: " + explain_mount(error, command.spec.path, command.server),
                  kMountFailed);
}

int mount_by_named_relay(const Command& command, NfsVersion version) {
  const RelayPort relay{std::holds_alternative<in6_addr>(command.relay->host), command.relay->port};
  const auto fault = await_service(command.options, [&] { return explain(probe_relay(relay), relay); });
  return fault.empty() ? mount_through(command, version, relay) : complain(fault, kMountFailed);
}

int mount_by_own_relay(const Command& command, NfsVersion version) {
  const net::VsockAddress to{command.spec.cid, command.vsock_port};
  const auto fault = await_service(command.options, [&] { return explain(probe_vsock(to), to); });
  if (!fault.empty()) return complain(fault, kMountFailed);
  Registry registry(kRegistry, listen_reserved, start_relay);
  const auto relay = registry.find_or_start(to);
  if (!relay) return complain(relay.error(), kMountSystem);
  // A mount that goes on trying in the background inherits the lock, and holds the relay.
  if (command.options.has("bg")) relay->keep_over_exec();
  return mount_through(command, version, {false, relay->port});
}

int mount(const Command& command) {
  const auto version = version_of(command.options);
  if (!version) return complain(version.error(), kMountUsage);
  if (const auto fault = fault_of(command.directory); !fault.empty()) return complain(fault, kMountFailed);
  // -f does all but the mounting; a relay without a mount would be of no use.
  if (command.fake) return 0;
  return command.relay ? mount_by_named_relay(command, *version) : mount_by_own_relay(command, *version);
}

}  // namespace

int main(int argc, char** argv) {
  const auto command = parse_command({argv + 1, argv + argc});
  if (!command) return complain(command.error(), kMountUsage);
  switch (command->what) {
    case Command::Do::help: return std::fputs(usage_of_mount().c_str(), stdout) < 0 ? kMountSystem : 0;
    case Command::Do::version: return std::puts("mount.gatehouse " GATEHOUSE_VERSION) < 0 ? kMountSystem : 0;
    case Command::Do::mount: break;
  }
  if (::geteuid() != 0)
    return complain("only root can mount; the options user and users of fstab give no right to it here", kMountUsage);
  return mount(*command);
}
