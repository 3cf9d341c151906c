// Whether the daemon is there, and answers. Asked by a connection of its own, which does not wait as gatehousectl's do.
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "proxy/ctl/doctor/checks.h"
#include "proxy/net/fd.h"

namespace gatehouse::doctor {
namespace {

constexpr std::string_view kQuestion = "{\"command\":\"status\"}\n";

// Whether the first byte of an answer, an object of JSON, comes in time.
bool answers(int fd) {
  if (::send(fd, kQuestion.data(), kQuestion.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(kQuestion.size()))
    return false;
  pollfd p{fd, POLLIN, 0};
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(question_deadline() - std::chrono::steady_clock::now());
  char first = 0;
  return ::poll(&p, 1, static_cast<int>(left.count())) == 1 && ::recv(fd, &first, 1, 0) == 1 && first == '{';
}

void judge(const std::string& path, int error, Findings& out) {
  const std::string seen = path + ": " + std::strerror(error);
  switch (error) {
    case ENOENT:
    case ECONNREFUSED:
      return out.warning(seen + ": gatehoused does not run",
                         "systemctl start gatehoused, and see journalctl -u gatehoused");
    case EACCES:
    case EPERM: return out.unknown(seen, "run gatehousectl doctor as root");
    case EAGAIN:
      return out.problem(seen + ": it takes no connections", "gatehoused hangs, or too many ask it: see its log");
    default: return out.problem(seen, "choose another [admin] socket");
  }
}

}  // namespace

void check_admin(const Exam& e, std::size_t /*part*/, Findings& out) {
  const std::string& path = e.conf->admin.socket;
  if (path.empty())
    return out.warning(
        "[admin] socket = \"\": gatehousectl can neither ask nor change anything of the daemon that runs",
        "leave the key out, unless it is meant so");
  sockaddr_un sa{};
  sa.sun_family = AF_UNIX;
  if (path.size() >= sizeof sa.sun_path)
    return out.problem(path + " is too long for a socket", "choose a shorter path");
  path.copy(sa.sun_path, path.size());
  const net::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&sa), sizeof sa) != 0)
    return judge(path, errno, out);
  if (!answers(fd.get()))
    return out.problem(path + ": it took the connection and did not answer",
                       "gatehoused hangs, or another program has the socket: see its log");
  out.ok("gatehoused answers on " + path);
}

}  // namespace gatehouse::doctor
