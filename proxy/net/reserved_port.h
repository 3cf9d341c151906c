// The search for a free source port below 1024.
#pragma once

#include <cerrno>
#include <expected>

#include "proxy/net/connect.h"

namespace gatehouse::net {

/// Attempt: what came of one port. `again`: nothing was wrong with it.
enum class Attempt : std::uint8_t { started, busy, again, failed };

/// from_reserved_port: calls `attempt(port, dialing)` for `preferred` (unless 0), then for the ports of 665..1023 from
/// `start` on, until one is not busy. The error is errno's, or that all are busy.
template <class F>
std::expected<Dialing, DialError> from_reserved_port(std::uint16_t preferred, std::uint16_t start, F attempt) {
  constexpr int kPorts = kLastReservedPort - kFirstReservedPort + 1;
  Dialing out;
  for (int i = preferred != 0 ? -1 : 0; i < kPorts; ++i) {
    const int offset = (start - kFirstReservedPort + i + kPorts) % kPorts;
    const auto port = static_cast<std::uint16_t>(i < 0 ? preferred : kFirstReservedPort + offset);
    Attempt a = Attempt::again;
    while (a == Attempt::again) a = attempt(port, out);
    if (a == Attempt::started) return out;
    if (a == Attempt::failed) return std::unexpected(DialError{.error = errno});
  }
  return std::unexpected(DialError{.kind = DialError::Kind::busy});
}

}  // namespace gatehouse::net
