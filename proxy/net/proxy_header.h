// The PROXY protocol, version 2 (haproxy.org, proxy-protocol.txt), sent and never read.
#pragma once

#include <array>
#include <cstdint>

#include "proxy/net/peer.h"
#include "rpc/xdr.h"

namespace gatehouse::net {

using ProxyHeader = std::array<std::uint8_t, 28>;

/// write_proxy_header: the first bytes of a link: TCP over IPv4 from the guest's source address and the guest's source
/// port (0 where the transport has none) to the backend's IPv4 address and port (0 for a unix backend).
ProxyHeader write_proxy_header(const std::array<std::uint8_t, 4>& source, std::uint16_t source_port,
                               const BackendAddress& backend);

}  // namespace gatehouse::net
