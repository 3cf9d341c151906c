#include "proxy/ctl/client.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "proxy/ctl/exit_status.h"

namespace gatehouse::ctl {
namespace {

Trouble nobody(const std::string& path, int error) {
  const std::string why = path + ": " + std::strerror(error);
  switch (error) {
    case EACCES:
    case EPERM:
      return {kNoPermission, why +
                                 ": only root and the daemon's user may ask here, unless [admin] group or read_group "
                                 "of gatehouse.conf names a group of yours"};
    case ENOENT:
    case ECONNREFUSED:
      return {kNoDaemon, why +
                             ": no gatehoused listens there: is it running (systemctl status gatehoused), and is this "
                             "its [admin] socket? --socket names another"};
    case EAGAIN: return {kNoDaemon, path + ": gatehoused takes no connection: it is busy or stuck (see its log)"};
    default: return {kNoDaemon, why + ": no gatehoused can be asked there; --socket names another socket"};
  }
}

}  // namespace

std::expected<Client, Trouble> Client::connect(const std::string& path, std::chrono::seconds patience) {
  sockaddr_un sa{};
  sa.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof sa.sun_path || path.contains('\0'))
    return std::unexpected(Trouble{kError, "\"" + path + "\" is no path of a socket: it has 1 to " +
                                               std::to_string(sizeof sa.sun_path - 1) + " bytes"});
  path.copy(sa.sun_path, sizeof sa.sun_path - 1);
  net::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval time{patience.count(), 0};
  if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time) != 0 ||
      ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time) != 0 ||
      ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&sa), sizeof sa) != 0)
    return std::unexpected(nobody(path, errno));
  return Client(std::move(fd), path);
}

std::expected<void, Trouble> Client::send(const std::string& line) {
  for (std::size_t sent = 0; sent < line.size();) {
    const ssize_t n = ::send(fd_.get(), line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    // Who closed may have said why: it lies there to be read.
    if (n < 0 && (errno == EPIPE || errno == ECONNRESET)) return {};
    if (n < 0) return std::unexpected(nobody(path_, errno));
    sent += static_cast<std::size_t>(n);
  }
  return {};
}

std::expected<std::string, Trouble> Client::receive() {
  for (;;) {
    if (const std::size_t end = in_.find('\n', searched_); end != std::string::npos) {
      std::string line = in_.substr(0, end);
      in_.erase(0, end + 1);
      searched_ = 0;
      return line;
    }
    searched_ = in_.size();
    std::array<char, 65536> buffer;
    const ssize_t n = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN)
      return std::unexpected(Trouble{kNoDaemon, path_ + ": gatehoused does not answer: see its log"});
    if (n <= 0)
      return std::unexpected(Trouble{kNoDaemon, path_ +
                                                    ": gatehoused closed the connection without an answer: it ended, "
                                                    "or restarts"});
    in_.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

}  // namespace gatehouse::ctl
