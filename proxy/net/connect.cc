#include "proxy/net/connect.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "proxy/net/reserved_port.h"
#include "proxy/net/vsock.h"

namespace gatehouse::net {
namespace {

std::expected<Dialing, DialError> dial_unix(const std::string& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return std::unexpected(DialError{.error = errno});
  sockaddr_un sa{};
  sa.sun_family = AF_UNIX;
  path.copy(sa.sun_path, sizeof sa.sun_path - 1);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&sa), sizeof sa) != 0)
    return std::unexpected(DialError{.error = errno});
  return Dialing{std::move(fd), true, 0};
}

struct Target {
  sockaddr_storage sa{};
  socklen_t len = 0;
  int family = AF_INET;
};

Target target_of(const TcpAddress& to) {
  Target t;
  if (const auto* v4 = std::get_if<in_addr>(&to.host)) {
    sockaddr_in sa{};
    sa.sin_family = AF_INET;
    sa.sin_addr = *v4;
    sa.sin_port = htons(to.port);
    std::memcpy(&t.sa, &sa, t.len = sizeof sa);
  } else {
    sockaddr_in6 sa{};
    sa.sin6_family = AF_INET6;
    sa.sin6_addr = std::get<in6_addr>(to.host);
    sa.sin6_port = htons(to.port);
    std::memcpy(&t.sa, &sa, t.len = sizeof sa);
    t.family = AF_INET6;
  }
  return t;
}

bool bind_source(int fd, int family, const SourceRule& from, std::uint16_t port) {
  if (family == AF_INET) {
    sockaddr_in sa{};
    sa.sin_family = AF_INET;
    std::memcpy(&sa.sin_addr, from.address.data(), 4);
    sa.sin_port = htons(port);
    return ::bind(fd, reinterpret_cast<const sockaddr*>(&sa), sizeof sa) == 0;
  }
  // An IPv4 source cannot reach an IPv6 backend: only the port is the gateway's to choose.
  sockaddr_in6 sa{};
  sa.sin6_family = AF_INET6;
  sa.sin6_port = htons(port);
  return ::bind(fd, reinterpret_cast<const sockaddr*>(&sa), sizeof sa) == 0;
}

// One try from one port. SO_REUSEADDR lets the port serve several backends, and again right after a close; a
// connection of the same four numbers makes bind or connect say that it is busy.
Attempt try_port(const Target& to, const SourceRule& from, std::uint16_t port, Dialing& out) {
  out.fd.reset(::socket(to.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!out.fd) return Attempt::failed;
  const int on = 1;
  ::setsockopt(out.fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(out.fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // A link is closed with a reset: the port is free at once for the client's next connection, whose retransmissions
  // the server's reply cache knows by this port.
  const linger reset{1, 0};
  ::setsockopt(out.fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  if (!bind_source(out.fd.get(), to.family, from, port)) return errno == EADDRINUSE ? Attempt::busy : Attempt::failed;
  out.source_port = port;
  out.connected = ::connect(out.fd.get(), reinterpret_cast<const sockaddr*>(&to.sa), to.len) == 0;
  if (out.connected || errno == EINPROGRESS) return Attempt::started;
  return errno == EADDRNOTAVAIL || errno == EADDRINUSE ? Attempt::busy : Attempt::failed;
}

std::expected<Dialing, DialError> dial_tcp(const TcpAddress& address, const SourceRule& from) {
  const Target to = target_of(address);
  return from_reserved_port(from.preferred_port, from.start,
                            [&](std::uint16_t port, Dialing& out) { return try_port(to, from, port, out); });
}

struct Dial {
  const SourceRule& from;
  auto operator()(const UnixAddress& to) const { return dial_unix(to.path); }
  auto operator()(const HybridAddress& to) const { return dial_unix(to.uds_path); }
  auto operator()(const TcpAddress& to) const { return dial_tcp(to, from); }
  auto operator()(const VsockAddress& to) const { return dial_vsock(to, from.start, from.vsock_buffer); }
};

}  // namespace

std::string DialError::str() const {
  switch (kind) {
    case Kind::busy: return "every reserved source port (665-1023) is in use";
    case Kind::refused: return "the virtual machine monitor refused: nothing listens on that port in its guest";
    case Kind::garbage: return "the socket did not answer CONNECT with OK: it is no virtual machine monitor's";
    case Kind::system: break;
  }
  std::string text = std::strerror(error);
  if (error == EACCES || error == EPERM) text += " (a source port below 1024 needs CAP_NET_BIND_SERVICE)";
  if (error == ENODEV) text += " (no virtual machine has this CID now)";
  return text;
}

std::expected<Dialing, DialError> dial(const BackendAddress& to, const SourceRule& from) {
  return std::visit(Dial{from}, to);
}

int dial_result(int fd) {
  int error = 0;
  socklen_t len = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0) return errno;
  return error;
}

}  // namespace gatehouse::net
