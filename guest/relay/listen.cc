#include "guest/relay/listen.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "proxy/net/unix_listen.h"

namespace gatehouse::guest {
namespace {

constexpr int kBacklog = 1024;
constexpr std::uint32_t kSocketMode = 0666;

using Error = std::unexpected<std::string>;

union Address {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
  sockaddr_un path;
};

Error failed(const std::string& what) {
  return Error(what + ": " + std::strerror(errno));
}

std::expected<Listener, std::string> open_tcp(const net::TcpAddress& at) {
  const std::string name = format(LocalAddress(at));
  Address sa{};
  socklen_t len = sizeof sa.v4;
  if (const auto* v4 = std::get_if<in_addr>(&at.host)) {
    sa.v4 = {.sin_family = AF_INET, .sin_port = htons(at.port), .sin_addr = *v4, .sin_zero = {}};
  } else {
    sa.v6.sin6_family = AF_INET6;
    sa.v6.sin6_port = htons(at.port);
    sa.v6.sin6_addr = std::get<in6_addr>(at.host);
    len = sizeof sa.v6;
  }
  net::UniqueFd fd(::socket(sa.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return failed("cannot make a TCP socket");
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd.get(), &sa.any, len) != 0 || ::listen(fd.get(), kBacklog) != 0)
    return failed("cannot listen on " + name);
  return Listener{std::move(fd), name, at.port, {}};
}

// What a passed socket is bound to; an error when strangers could reach it.
std::expected<std::string, std::string> bound_to(const Address& sa, socklen_t len) {
  char text[INET6_ADDRSTRLEN] = "";
  switch (sa.any.sa_family) {
    case AF_INET:
      ::inet_ntop(AF_INET, &sa.v4.sin_addr, text, sizeof text);
      if (ntohl(sa.v4.sin_addr.s_addr) >> 24 != 127) break;
      return "tcp:" + std::string(text) + ':' + std::to_string(ntohs(sa.v4.sin_port));
    case AF_INET6:
      ::inet_ntop(AF_INET6, &sa.v6.sin6_addr, text, sizeof text);
      if (!IN6_IS_ADDR_LOOPBACK(&sa.v6.sin6_addr)) break;
      return "tcp:[" + std::string(text) + "]:" + std::to_string(ntohs(sa.v6.sin6_port));
    case AF_UNIX:
      return "unix:" + std::string(sa.path.sun_path, strnlen(sa.path.sun_path, len - offsetof(sockaddr_un, sun_path)));
    default:
      return Error("the passed socket is of address family " + std::to_string(sa.any.sa_family) +
                   ", neither TCP nor unix: see ListenStream= of its .socket unit");
  }
  return Error("the passed socket listens on " + std::string(text) +
               ", which is not loopback: whoever connects there speaks as this virtual machine; write "
               "ListenStream=127.0.0.1:2049 in its .socket unit");
}

int socket_fact(int fd, int option) {
  int value = 0;
  socklen_t len = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 ? value : -1;
}

}  // namespace

std::expected<Listener, std::string> open_listener(const LocalAddress& address) {
  if (const auto* tcp = std::get_if<net::TcpAddress>(&address)) return open_tcp(*tcp);
  auto made = net::open_unix(std::get<net::UnixAddress>(address).path, kSocketMode, {});
  if (!made) return Error(made.error().text);
  return Listener{std::move(made->fd), format(address), 0, made->unlink_path};
}

std::expected<Listener, std::string> adopt_listener(net::UniqueFd fd) {
  Address sa{};
  socklen_t len = sizeof sa;
  if (socket_fact(fd.get(), SO_ACCEPTCONN) != 1 || socket_fact(fd.get(), SO_TYPE) != SOCK_STREAM ||
      ::getsockname(fd.get(), &sa.any, &len) != 0)
    return Error(
        "a passed descriptor is not a listening stream socket: use ListenStream= and Accept=no in its .socket unit");
  auto address = bound_to(sa, len);
  if (!address) return Error(address.error());
  const in_port_t port = sa.any.sa_family == AF_UNIX   ? 0
                         : sa.any.sa_family == AF_INET ? sa.v4.sin_port
                                                       : sa.v6.sin6_port;
  return Listener{std::move(fd), std::move(*address), ntohs(port), {}};
}

}  // namespace gatehouse::guest
