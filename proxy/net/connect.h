// Links to backends: the guest's own source address, a reserved source port.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string>

#include "proxy/net/address.h"
#include "proxy/net/fd.h"

namespace gatehouse::net {

inline constexpr std::uint16_t kFirstReservedPort = 665;
inline constexpr std::uint16_t kLastReservedPort = 1023;

/// SourceRule: where a TCP or vsock link comes from.
struct SourceRule {
  std::array<std::uint8_t, 4> address{};     ///< TCP: the guest's own, network order
  std::uint16_t preferred_port = 0;          ///< TCP: the client's own if it is known and below 1024; else 0
  std::uint16_t start = kFirstReservedPort;  ///< where to begin to look otherwise
  std::uint64_t vsock_buffer = 0;            ///< vsock: see set_vsock_buffer
};

/// Dialing: a link under way.
struct Dialing {
  UniqueFd fd;
  bool connected = false;  ///< false: the connect is pending, wait until the socket is writable
  std::uint16_t source_port = 0;
};

/// DialError: what failed.
struct DialError {
  enum class Kind : std::uint8_t {
    system,   ///< `error` is errno's
    busy,     ///< TCP: every reserved port of the source address has a connection to this backend; vsock: is in use
    refused,  ///< hybrid: the VMM closed instead of saying OK
    garbage,  ///< hybrid: it said something else
  };
  Kind kind = Kind::system;
  int error = 0;
  [[nodiscard]] std::string str() const;
};

/// dial: starts a non-blocking connection to `to`. TCP: bound to the rule's address and its preferred port, or the
/// next port of 665..1023 that is free for this backend; vsock: see dial_vsock; hybrid: connected to the VMM, whose
/// greeting (hybrid.h) must follow. Never blocks.
std::expected<Dialing, DialError> dial(const BackendAddress& to, const SourceRule& from);

/// dial_result: the outcome of a pending connect whose socket became writable: 0 or an errno.
int dial_result(int fd);

}  // namespace gatehouse::net
