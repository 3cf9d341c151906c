#include "proxy/net/vsock.h"

#include <linux/vm_sockets.h>
#include <sys/socket.h>

#include <cerrno>

#include "proxy/net/reserved_port.h"

namespace gatehouse::net {
namespace {

sockaddr_vm address(std::uint32_t cid, std::uint32_t port) {
  sockaddr_vm sa{};
  sa.svm_family = AF_VSOCK;
  sa.svm_cid = cid;
  sa.svm_port = port;
  return sa;
}

Attempt try_port(const sockaddr_vm& to, std::uint16_t port, std::uint64_t buffer, Dialing& out) {
  out.fd.reset(::socket(AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!out.fd || !set_vsock_buffer(out.fd.get(), buffer)) return Attempt::failed;
  const sockaddr_vm from = address(VMADDR_CID_ANY, port);
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
  const sockaddr_vm target = address(to.cid.value_or(VMADDR_CID_ANY), to.port);
  return from_reserved_port(0, start,
                            [&](std::uint16_t port, Dialing& out) { return try_port(target, port, buffer, out); });
}

}  // namespace gatehouse::net
