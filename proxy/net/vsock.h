// AF_VSOCK sockets as listeners and links need them.
#pragma once

#include <cstdint>
#include <expected>

#include "proxy/net/connect.h"

namespace gatehouse::net {

/// set_vsock_buffer: how many bytes the kernel holds for each connection of `fd` and each direction; connections that a
/// listener accepts inherit it. False, with errno: the kernel refuses.
bool set_vsock_buffer(int fd, std::uint64_t bytes);

/// dial_vsock: as dial(), from the next port of 665..1023 that nobody on this host uses, from `start` on: a reserved
/// port is how the machine knows that no common user of its host calls.
std::expected<Dialing, DialError> dial_vsock(const VsockAddress& to, std::uint16_t start, std::uint64_t buffer);

}  // namespace gatehouse::net
