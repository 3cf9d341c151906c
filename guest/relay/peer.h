// Who connected to the relay, as the kernel says, and whether it may speak as the virtual machine's root.
#pragma once

#include <cstdint>
#include <string>

namespace gatehouse::guest {

inline constexpr std::uint32_t kReservedPorts = 1024;  ///< ports below this are root's, on TCP and on vsock

/// Rank: what a caller may have at the host.
enum class Rank : std::uint8_t {
  ordinary,    ///< a source port from 1024 on
  privileged,  ///< a source port below 1024: the host takes the caller's word for any uid
  foreign,     ///< not of this machine, or the kernel does not say who it is: nothing
};

/// Caller: one end of an accepted connection.
struct Caller {
  Rank rank = Rank::foreign;
  std::uint16_t port = 0;  ///< its TCP port; 0 on a unix socket
  std::uint32_t uid = 0;   ///< unix socket only
  /// str: for logs: "tcp:700" or "unix:uid=1000".
  [[nodiscard]] std::string str() const;
};

/// rank_of_port: privileged when only root can have bound the port: below 1024 and below the port from which on this
/// system lets everybody bind (the sysctl ip_unprivileged_port_start).
constexpr Rank rank_of_port(std::uint16_t port, std::uint32_t first_unprivileged) {
  return port != 0 && port < kReservedPorts && port < first_unprivileged ? Rank::privileged : Rank::ordinary;
}

/// first_unprivileged_port: the sysctl's value now, for both IP versions. 0, so that nobody is privileged, when it
/// cannot be read.
std::uint32_t first_unprivileged_port();

/// caller_of: the other end of accepted socket `fd`: getpeername for TCP, which must be loopback; SO_PEERCRED for a
/// unix socket, where only uid 0 is privileged.
Caller caller_of(int fd);

}  // namespace gatehouse::guest
