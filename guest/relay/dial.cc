#include "guest/relay/dial.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "proxy/net/vsock_address.h"

namespace gatehouse::guest {
namespace {

// As the kernel's NFS client chooses: lower ones belong to services with a name.
constexpr std::uint32_t kFirstReserved = 665;
constexpr std::uint32_t kReservedCount = kReservedPorts - kFirstReserved;
// What the host may send before it waits for us. The kernel's default is 256 KiB, a fraction of one NFS read of 1 MiB.
constexpr std::uint64_t kReceiveBuffer = 1U << 20;

using Error = std::unexpected<DialError>;

Error unreachable(int error) {
  return Error(DialError{DialFault::unreachable, error});
}

// Sends the connect; of an interrupted one the outcome is unknown, so the caller begins anew with another socket.
std::expected<Dialing, DialError> connect(net::UniqueFd fd, const sockaddr* to, socklen_t len) {
  if (::connect(fd.get(), to, len) == 0) return Dialing{std::move(fd), true};
  if (errno == EINPROGRESS) return Dialing{std::move(fd), false};
  return unreachable(errno);
}

std::expected<Dialing, DialError> start_unix(const net::UnixAddress& to) {
  net::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return unreachable(errno);
  sockaddr_un sa{};
  sa.sun_family = AF_UNIX;
  to.path.copy(sa.sun_path, sizeof sa.sun_path - 1);
  return connect(std::move(fd), reinterpret_cast<const sockaddr*>(&sa), sizeof sa);
}

// 0 or an errno.
int bind_port(int fd, std::uint32_t port) {
  const sockaddr_vm sa = net::vsock_sockaddr(VMADDR_CID_ANY, port);
  return ::bind(fd, reinterpret_cast<const sockaddr*>(&sa), sizeof sa) == 0 ? 0 : errno;
}

// Any port from 1024 on. The kernel gives no other; that is looked at, because all depends on it.
int bind_ordinary(int fd) {
  if (const int error = bind_port(fd, VMADDR_PORT_ANY); error != 0) return error;
  sockaddr_vm got{};
  socklen_t len = sizeof got;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&got), &len) != 0) return errno;
  return got.svm_port >= kReservedPorts ? 0 : EADDRNOTAVAIL;
}

void enlarge_buffer(int fd) {
  // A kernel that refuses keeps its default: slower, not wrong.
  ::setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_MAX_SIZE, &kReceiveBuffer, sizeof kReceiveBuffer);
  ::setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &kReceiveBuffer, sizeof kReceiveBuffer);
}

DialFault fault_of_bind(int error) {
  if (error == EACCES || error == EPERM) return DialFault::no_privilege;
  return error == EADDRINUSE ? DialFault::port_busy : DialFault::unreachable;
}

}  // namespace

std::expected<Dialing, DialError> Dialer::start(const Caller& caller, bool own_port) {
  if (const auto* path = std::get_if<net::UnixAddress>(&to_)) return start_unix(*path);
  const auto& to = std::get<net::VsockAddress>(to_);
  auto out = start_vsock(to, caller, own_port);
  // Signals are taken by a descriptor here, but the kernel's own work on this thread interrupts a vsock connect too.
  if (!out && out.error().error == EINTR) out = start_vsock(to, caller, own_port);
  return out;
}

std::expected<Dialing, DialError> Dialer::start_vsock(const net::VsockAddress& to, const Caller& caller,
                                                      bool own_port) {
  net::UniqueFd fd(::socket(AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return unreachable(errno);
  int error = 0;
  if (caller.rank != Rank::privileged) {
    error = bind_ordinary(fd.get());
  } else {
    error = caller.port != 0 ? bind_port(fd.get(), caller.port) : EADDRINUSE;
    if (error == EADDRINUSE && caller.port != 0 && own_port) return Error(DialError{DialFault::port_busy, error});
    for (std::uint32_t tried = 0; error == EADDRINUSE && tried < kReservedCount; ++tried)
      error = bind_port(fd.get(), kFirstReserved + next_reserved_++ % kReservedCount);
    if (error == EADDRINUSE) return Error(DialError{DialFault::ports_busy, error});
  }
  if (error != 0) return Error(DialError{fault_of_bind(error), error});
  enlarge_buffer(fd.get());
  const sockaddr_vm sa = net::vsock_sockaddr(*to.cid, to.port);
  return connect(std::move(fd), reinterpret_cast<const sockaddr*>(&sa), sizeof sa);
}

int dial_result(int fd) {
  int error = 0;
  socklen_t len = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 ? error : errno;
}

std::string advice(const Upstream& to, DialError error) {
  switch (error.fault) {
    case DialFault::no_privilege: return "the relay may not bind a vsock port below 1024: give it CAP_NET_BIND_SERVICE";
    case DialFault::port_busy:
    case DialFault::ports_busy: return "all vsock ports 665 to 1023 are taken: close connections";
    case DialFault::unreachable: break;
  }
  if (std::holds_alternative<net::UnixAddress>(to)) return "nobody listens on that socket: start its server";
  switch (error.error) {
    case ECONNRESET: return "nothing listens on that port of the host: is gatehoused running there?";
    case ENODEV:
      return "there is no way to that CID: does this virtual machine have a vsock device, and is "
             "vmw_vsock_virtio_transport loaded?";
    case EAFNOSUPPORT: return "this kernel has no AF_VSOCK: modprobe vmw_vsock_virtio_transport";
    case ETIMEDOUT: return "the host did not answer the connection: is it overloaded, or its vsock device stopped?";
    default: return "see the error";
  }
}

}  // namespace gatehouse::guest
