// Connections to the host, from the source port that the local caller has earned.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "guest/relay/address.h"
#include "guest/relay/peer.h"
#include "proxy/net/fd.h"

namespace gatehouse::guest {

/// Dialing: a connection under way.
struct Dialing {
  net::UniqueFd fd;
  bool connected = false;  ///< false: the connect is pending, wait until the socket is writable
};

/// DialFault: why there is no connection.
enum class DialFault : std::uint8_t {
  unreachable,   ///< nobody answers there now
  port_busy,     ///< the caller's own port is still taken; another could be used
  ports_busy,    ///< every reserved port is taken
  no_privilege,  ///< this process may not bind a reserved port
};

/// DialError: the fault, and the errno behind it.
struct DialError {
  DialFault fault = DialFault::unreachable;
  int error = 0;
};

/// advice: one line for logs: what the error means at this upstream and what to do.
std::string advice(const Upstream& to, DialError error);

/// Dialer: makes connections to one upstream. Not thread-safe.
class Dialer {
 public:
  explicit Dialer(Upstream to) : to_(std::move(to)) {}

  /// start: begins a non-blocking connection for `caller`. vsock: a privileged caller gets its own port, with
  /// `own_port` only that, otherwise also another of 665..1023; an ordinary caller gets one from 1024 on, which is
  /// checked before anything is sent. Each call uses a new socket: a vsock connect that failed or was interrupted
  /// leaves one of no use.
  std::expected<Dialing, DialError> start(const Caller& caller, bool own_port);

  [[nodiscard]] const Upstream& to() const { return to_; }

 private:
  std::expected<Dialing, DialError> start_vsock(const net::VsockAddress& to, const Caller& caller, bool own_port);

  Upstream to_;
  std::uint32_t next_reserved_ = 0;  ///< where the next search begins: a port closed just now may still be busy
};

/// dial_result: the outcome of a pending connect whose socket became writable: 0 or an errno.
int dial_result(int fd);

}  // namespace gatehouse::guest
