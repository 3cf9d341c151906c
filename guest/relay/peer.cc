#include "guest/relay/peer.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <charconv>

#include "proxy/net/fd.h"

namespace gatehouse::guest {
namespace {

bool is_loopback(const in6_addr& a) {
  if (IN6_IS_ADDR_V4MAPPED(&a)) return a.s6_addr[12] == 127;
  return IN6_IS_ADDR_LOOPBACK(&a);
}

Caller tcp_caller(bool loopback, in_port_t network_port) {
  const std::uint16_t port = ntohs(network_port);
  return {loopback ? rank_of_port(port, first_unprivileged_port()) : Rank::foreign, port, 0};
}

Caller unix_caller(int fd) {
  ucred who{};
  socklen_t len = sizeof who;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0) return {};
  return {who.uid == 0 ? Rank::privileged : Rank::ordinary, 0, who.uid};
}

}  // namespace

std::string Caller::str() const {
  return port != 0 ? "tcp:" + std::to_string(port) : "unix:uid=" + std::to_string(uid);
}

std::uint32_t first_unprivileged_port() {
  const net::UniqueFd fd(::open("/proc/sys/net/ipv4/ip_unprivileged_port_start", O_RDONLY | O_CLOEXEC));
  char text[16];
  const ssize_t n = fd ? ::read(fd.get(), text, sizeof text) : 0;
  std::uint32_t port = 0;
  if (n <= 0 || std::from_chars(text, text + n, port).ec != std::errc{}) return 0;
  return port;
}

Caller caller_of(int fd) {
  union {
    sockaddr_storage any;
    sockaddr_in v4;
    sockaddr_in6 v6;
  } from{};
  socklen_t len = sizeof from;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&from.any), &len) != 0) return {};
  switch (from.any.ss_family) {
    case AF_INET: return tcp_caller(ntohl(from.v4.sin_addr.s_addr) >> 24 == 127, from.v4.sin_port);
    case AF_INET6: return tcp_caller(is_loopback(from.v6.sin6_addr), from.v6.sin6_port);
    case AF_UNIX: return unix_caller(fd);
    default: return {};
  }
}

}  // namespace gatehouse::guest
