// The host's side of a VMM's hybrid socket (Firecracker, Cloud Hypervisor): who connects to it asks for a port of the
// virtual machine with "CONNECT PORT\n" and is told "OK HOST_PORT\n"; where nobody listens the VMM closes.
#pragma once

#include <cstdint>

namespace gatehouse::net {

/// Greeting: what the VMM has answered so far.
enum class Greeting : std::uint8_t {
  awaited,   ///< not the whole line yet
  accepted,  ///< what comes next is the service's
  closed,    ///< the VMM closed: nobody listens on that port, or the machine is gone
  garbage,   ///< something else: this is no VMM
  failed,    ///< errno
};

/// ask_for_port: sends the request on a socket that is just connected. False, with errno: it did not go out whole.
bool ask_for_port(int fd, std::uint32_t port);

/// read_greeting: takes the answer off the socket, and nothing behind it. Never blocks on a non-blocking socket.
Greeting read_greeting(int fd);

}  // namespace gatehouse::net
