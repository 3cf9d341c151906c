#include "proxy/net/listen.h"

#include <fcntl.h>
#include <net/if.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include <cerrno>
#include <cstring>

#include "proxy/net/unix_listen.h"
#include "proxy/net/vsock.h"
#include "proxy/net/vsock_address.h"

namespace gatehouse::net {
namespace {

constexpr int kBacklog = 1024;

ListenError os_error(const std::string& what, bool retry = false) {
  return {what + ": " + std::strerror(errno), retry};
}

std::string port_hint(std::uint32_t port) {
  return errno == EACCES && port < 1024 ? " (a port below 1024 needs CAP_NET_BIND_SERVICE)" : "";
}

std::expected<ListenSocket, ListenError> listen_on(UniqueFd fd, const sockaddr* sa, socklen_t len,
                                                   const std::string& what, std::uint32_t port) {
  if (::bind(fd.get(), sa, len) != 0) {
    const bool absent = errno == EADDRNOTAVAIL || errno == ENODEV;
    const std::string hint = port_hint(port);
    ListenError e = os_error("cannot bind " + what, absent);
    e.text += hint;
    return std::unexpected(std::move(e));
  }
  if (::listen(fd.get(), kBacklog) != 0) return std::unexpected(os_error("cannot listen on " + what));
  return ListenSocket{std::move(fd), false, {}, {}};
}

std::expected<ListenSocket, ListenError> open(const VsockAddress& a, const config::Listener& l) {
  UniqueFd fd(::socket(AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return std::unexpected(os_error("no AF_VSOCK sockets here (is the vsock module loaded?)", true));
  if (!set_vsock_buffer(fd.get(), l.vsock_buffer)) return std::unexpected(os_error("cannot set vsock_buffer"));
  const sockaddr_vm sa = vsock_sockaddr(a.cid.value_or(VMADDR_CID_ANY), a.port);
  return listen_on(std::move(fd), reinterpret_cast<const sockaddr*>(&sa), sizeof sa, format(l.address), a.port);
}

std::expected<ListenSocket, ListenError> open_tcp4(const TcpAddress& a, const in_addr& host, const std::string& what) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return std::unexpected(os_error("cannot make a TCP socket"));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in sa{};
  sa.sin_family = AF_INET;
  sa.sin_addr = host;
  sa.sin_port = htons(a.port);
  return listen_on(std::move(fd), reinterpret_cast<const sockaddr*>(&sa), sizeof sa, what, a.port);
}

// A link-local listener is bound to its device, so that the device is the peer's identity, whatever addresses it
// claims. Where SO_BINDTODEVICE is refused the listener is not opened: the scope of the address alone would still
// take packets of no other link, but the identity must not rest on that.
std::expected<ListenSocket, ListenError> open_tcp6(const TcpAddress& a, const in6_addr& host, const std::string& what) {
  UniqueFd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return std::unexpected(os_error("cannot make an IPv6 TCP socket"));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  sockaddr_in6 sa{};
  sa.sin6_family = AF_INET6;
  sa.sin6_addr = host;
  sa.sin6_port = htons(a.port);
  if (!a.interface.empty()) {
    sa.sin6_scope_id = ::if_nametoindex(a.interface.c_str());
    if (sa.sin6_scope_id == 0) return std::unexpected(os_error("interface " + a.interface + " of " + what, true));
    if (::setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, a.interface.c_str(),
                     static_cast<socklen_t>(a.interface.size())) != 0)
      return std::unexpected(os_error("cannot bind " + what + " to its device", errno == ENODEV));
  }
  auto s = listen_on(std::move(fd), reinterpret_cast<const sockaddr*>(&sa), sizeof sa, what, a.port);
  if (s) s->interface = a.interface;
  return s;
}

std::expected<ListenSocket, ListenError> open(const TcpAddress& a, const config::Listener& l) {
  const std::string what = format(l.address);
  if (const auto* v4 = std::get_if<in_addr>(&a.host)) return open_tcp4(a, *v4, what);
  return open_tcp6(a, std::get<in6_addr>(a.host), what);
}

std::expected<ListenSocket, ListenError> open(const UnixAddress& a, const config::Listener& l) {
  return open_unix(a.path, l.mode, l.group);
}

std::expected<ListenSocket, ListenError> open(const HybridAddress& a, const config::Listener& l) {
  auto s = open_unix(a.socket_path(), l.mode, l.group);
  if (s) s->hybrid = true;
  return s;
}

// What a passed socket is bound to must be what this gateway would have bound: anything else could be forged.
std::expected<ListenSocket, ListenError> adopt(UniqueFd fd, const std::string& name, std::uint64_t vsock_buffer) {
  sockaddr_storage sa{};
  socklen_t len = sizeof sa;
  int type = 0, listening = 0;
  socklen_t int_len = sizeof(int);
  if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&sa), &len) != 0 ||
      ::getsockopt(fd.get(), SOL_SOCKET, SO_TYPE, &type, &int_len) != 0 ||
      ::getsockopt(fd.get(), SOL_SOCKET, SO_ACCEPTCONN, &listening, &int_len) != 0)
    return std::unexpected(os_error("systemd:" + name + " is not a socket"));
  if (type != SOCK_STREAM || listening == 0)
    return std::unexpected(
        ListenError{"systemd:" + name + " is not a listening stream socket: use ListenStream=", false});
  ListenSocket out;
  if (sa.ss_family == AF_INET || sa.ss_family == AF_INET6) {
    TcpAddress a;
    if (sa.ss_family == AF_INET) {
      a.host = reinterpret_cast<const sockaddr_in&>(sa).sin_addr;
    } else {
      const auto& in6 = reinterpret_cast<const sockaddr_in6&>(sa);
      a.host = in6.sin6_addr;
      char device[IFNAMSIZ] = {};
      socklen_t device_len = sizeof device;
      if (a.link_local() && ::getsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, device, &device_len) == 0)
        out.interface = device;
    }
    if (!a.loopback() && out.interface.empty())
      return std::unexpected(ListenError{"systemd:" + name +
                                             " is a TCP socket that is neither on loopback nor IPv6 link-local with "
                                             "BindToDevice=: its peers could forge their address",
                                         false});
  } else if (sa.ss_family != AF_UNIX && sa.ss_family != AF_VSOCK) {
    return std::unexpected(ListenError{"systemd:" + name + " is of a family that is not served", false});
  }
  if (sa.ss_family == AF_VSOCK && !set_vsock_buffer(fd.get(), vsock_buffer))
    return std::unexpected(os_error("cannot set vsock_buffer of systemd:" + name));
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
  out.fd = std::move(fd);
  return out;
}

}  // namespace

std::vector<PassedSocket> passed_sockets() {
  char** names = nullptr;
  const int n = ::sd_listen_fds_with_names(1, &names);
  std::vector<PassedSocket> out;
  for (int i = 0; i < n; ++i) {
    out.push_back({names[i], SD_LISTEN_FDS_START + i});
    std::free(names[i]);
  }
  std::free(names);
  return out;
}

std::vector<std::string> close_strangers(std::vector<PassedSocket>& passed) {
  std::vector<std::string> names;
  std::erase_if(passed, [&](PassedSocket& p) {
    struct stat st{};
    if (::fstat(p.fd, &st) == 0 && S_ISSOCK(st.st_mode)) return false;
    UniqueFd closed(std::exchange(p.fd, -1));
    names.push_back(p.name);
    return true;
  });
  return names;
}

std::expected<ListenSocket, ListenError> open_listener(const config::Listener& l, std::span<PassedSocket> passed) {
  if (const auto* s = std::get_if<SystemdAddress>(&l.address)) {
    for (PassedSocket& p : passed)
      if (p.name == s->name && p.fd >= 0) return adopt(UniqueFd(std::exchange(p.fd, -1)), p.name, l.vsock_buffer);
    return std::unexpected(ListenError{"the service manager passed no socket named " + s->name +
                                           ": add FileDescriptorName=" + s->name + " to the .socket unit",
                                       false});
  }
  return std::visit(
      [&](const auto& a) -> std::expected<ListenSocket, ListenError> {
        if constexpr (std::is_same_v<std::decay_t<decltype(a)>, SystemdAddress>)
          return std::unexpected(ListenError{});
        else
          return open(a, l);
      },
      l.address);
}

std::expected<void, ListenError> apply_listener(const ListenSocket& socket, const config::Listener& l) {
  int family = AF_UNSPEC;
  socklen_t len = sizeof family;
  ::getsockopt(socket.fd.get(), SOL_SOCKET, SO_DOMAIN, &family, &len);
  if (family == AF_VSOCK && !set_vsock_buffer(socket.fd.get(), l.vsock_buffer))
    return std::unexpected(os_error("cannot set vsock_buffer of " + format(l.address)));
  if (socket.unlink_path.empty()) return {};
  return set_access(socket.unlink_path, l.mode, l.group);
}

}  // namespace gatehouse::net
