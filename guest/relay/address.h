// What the relay may listen on, and where it may go.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <variant>

#include "proxy/net/address.h"

namespace gatehouse::guest {

/// LocalAddress: where programs of this virtual machine reach the relay: loopback TCP or a unix socket.
using LocalAddress = std::variant<net::TcpAddress, net::UnixAddress>;
/// Upstream: where the relay carries their bytes. A vsock address here always has a CID.
using Upstream = std::variant<net::VsockAddress, net::UnixAddress>;

/// parse_local: "127.0.0.1:2049", "[::1]:2049" (with or without "tcp:") or "unix:PATH"; otherwise what is wrong and
/// what to write. An address that is not loopback is refused: whoever reaches the relay speaks as this virtual machine.
std::expected<LocalAddress, std::string> parse_local(std::string_view text);

/// parse_upstream: "vsock:CID:PORT" or "unix:PATH", or what is wrong.
std::expected<Upstream, std::string> parse_upstream(std::string_view text);

/// format: the address as it is written.
std::string format(const LocalAddress& a);
std::string format(const Upstream& a);

}  // namespace gatehouse::guest
