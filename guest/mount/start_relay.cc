#include "guest/mount/start_relay.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "guest/relay/address.h"

namespace gatehouse::guest {
namespace {

// IANA has given none of these to a service. The kernel's NFS client binds 665 to 1023: one of those could one day be
// both ends of a connection, the client's to itself, while no relay listens.
constexpr std::uint16_t kFirst = 288;
constexpr std::uint16_t kLast = 307;
constexpr int kBacklog = 1024;
constexpr int kListener = 3;  // SD_LISTEN_FDS_START
constexpr int kEntry = 4;
constexpr int kReport = 5;

std::string relay_program() {
  char path[4096];
  const ssize_t n = ::readlink("/proc/self/exe", path, sizeof path);
  const std::string self = n > 0 ? std::string(path, static_cast<std::size_t>(n)) : std::string();
  const std::string beside = self.substr(0, self.rfind('/') + 1) + "gatehouse-guest";
  return ::access(beside.c_str(), X_OK) == 0 ? beside : GATEHOUSE_SBINDIR "/gatehouse-guest";
}

// Puts the descriptors where they belong, out of each other's way first.
bool arrange(int listener, int entry, int report) {
  const int high[] = {::fcntl(listener, F_DUPFD, 10), ::fcntl(entry, F_DUPFD, 10), ::fcntl(report, F_DUPFD, 10)};
  const int null = ::open("/dev/null", O_RDWR);
  if (null < 0) return false;
  for (int fd = 0; fd <= 2; ++fd)
    if (::dup2(null, fd) < 0) return false;
  for (int i = 0; i < 3; ++i)
    if (::dup2(high[i], kListener + i) < 0) return false;
  ::close_range(kReport + 1, ~0U, 0);
  return ::fcntl(kReport, F_SETFD, FD_CLOEXEC) == 0;
}

void drop_capabilities() {
  for (int cap = 0; cap <= CAP_LAST_CAP; ++cap)
    if (cap != CAP_NET_BIND_SERVICE) ::prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

// In the child: becomes the relay; returns only with an errno.
int become(const std::string& program, const std::string& to, const std::string& used_path, int listener, int entry,
           int& report) {
  if (!arrange(listener, entry, report)) return errno;
  report = kReport;
  ::setsid();
  if (::chdir("/") != 0) return errno;
  ::umask(077);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::clearenv();
  ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
  ::setenv("LISTEN_FDS", "1", 1);
  drop_capabilities();
  ::execl(program.c_str(), "gatehouse-guest", "--to", to.c_str(), "--exit-when-unused", used_path.c_str(), "--syslog",
          nullptr);
  return errno;
}

}  // namespace

std::expected<net::UniqueFd, std::string> listen_reserved(std::uint16_t& port) {
  if (port < kFirst || port > kLast) port = kFirst;
  for (std::uint16_t tried = kFirst; tried <= kLast; ++tried) {
    net::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0 && ::listen(fd.get(), kBacklog) == 0)
      return fd;
    if (errno != EADDRINUSE)
      return std::unexpected("cannot listen on 127.0.0.1:" + std::to_string(port) + ": " + std::strerror(errno));
    port = port == kLast ? kFirst : static_cast<std::uint16_t>(port + 1);
  }
  return std::unexpected(
      "all of the ports 288 to 307 of 127.0.0.1 are taken: start gatehouse-guest by hand and name it with relay=");
}

std::string start_relay(const net::VsockAddress& to, net::UniqueFd listener, net::UniqueFd entry,
                        const std::string& used_path) {
  const std::string program = relay_program();
  const std::string target = format(Upstream(to));
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return std::string("cannot make a pipe: ") + std::strerror(errno);
  const net::UniqueFd report(ends[0]);
  net::UniqueFd reporter(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return std::string("cannot start the relay: ") + std::strerror(errno);
  if (child == 0) {
    int to_parent = reporter.get();
    const int error = become(program, target, used_path, listener.get(), entry.get(), to_parent);
    ::_exit(::write(to_parent, &error, sizeof error) < 0 ? 2 : 1);
  }
  reporter.reset();
  // The pipe closes by itself when the program runs.
  int error = 0;
  if (::read(report.get(), &error, sizeof error) == 0) return {};
  return "cannot start " + program + ": " + std::strerror(error) + ": install it beside mount.gatehouse";
}

}  // namespace gatehouse::guest
