#include "proxy/net/vsock.h"

#include <sys/socket.h>

#include <cerrno>

#include "proxy/net/reserved_port.h"
#include "proxy/net/vsock_address.h"

namespace gatehouse::net {
namespace {

Attempt try_port(const sockaddr_vm& to, std::uint16_t port, std::uint64_t buffer, Dialing& out) {
  out.fd.reset(::socket(AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!out.fd || !set_vsock_buffer(out.fd.get(), buffer)) return Attempt::failed;
  const sockaddr_vm from = vsock_sockaddr(VMADDR_CID_ANY, port);
  if (::bind(out.fd.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0)
    return errno == EADDRINUSE ? Attempt::busy : Attempt::failed;
  out.source_port = port;
  out.connected = ::connect(out.fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  if (out.connected || errno == EINPROGRESS) return Attempt::started;
  // The kernel gives up a vsock connection that a signal interrupts: it takes a new socket.
  return errno == EINTR ? Attempt::again : Attempt::failed;
}

}  // namespace

bool set_vsock_buffer(int fd, std::uint64_t bytes) {
  // A size above the maximum would be cut to it in silence.
  return ::setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_MAX_SIZE, &bytes, sizeof bytes) == 0 &&
         ::setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &bytes, sizeof bytes) == 0;
}

std::expected<Dialing, DialError> dial_vsock(const VsockAddress& to, std::uint16_t start, std::uint64_t buffer) {
  const sockaddr_vm target = vsock_sockaddr(to.cid.value_or(VMADDR_CID_ANY), to.port);
  return from_reserved_port(0, start,
                            [&](std::uint16_t port, Dialing& out) { return try_port(target, port, buffer, out); });
}

}  // namespace gatehouse::net
