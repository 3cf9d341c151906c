// What the transport proved about the other end of a connection.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "proxy/net/address.h"

namespace gatehouse::net {

/// Transport: the kind of socket a connection came over.
enum class Transport : std::uint8_t { vsock, hybrid, unix_socket, tcp };

/// Peer: facts the kernel vouches for; nothing in it was said by the peer. A plain value.
struct Peer {
  Transport transport = Transport::unix_socket;
  std::uint16_t listener = 0;         ///< index of the listener that accepted it
  std::optional<std::uint32_t> cid;   ///< vsock
  std::optional<std::uint32_t> port;  ///< vsock and tcp: the source port; nothing where the transport has none
  std::string interface;              ///< tcp: the device the listener is bound to; empty on loopback
  std::optional<std::uint32_t> uid;   ///< unix and hybrid: SO_PEERCRED
  std::optional<std::uint32_t> pid;   ///< unix and hybrid: SO_PEERCRED
  std::array<std::uint8_t, 16> ip{};  ///< tcp: the source address, IPv4 mapped into IPv6

  /// str: for logs, for example "vsock:42:1023", "unix:uid=1000" or "tcp:tap0:801".
  [[nodiscard]] std::string str() const;
};

/// is_reserved_cid: the draft's section 5 and VMADDR_CID_ANY: such a peer is no virtual machine.
constexpr bool is_reserved_cid(std::uint32_t cid) {
  return cid <= 2 || cid == 0xffffffffU;
}

/// peer_of: the peer of accepted socket `fd` from its accept() address and SO_PEERCRED. `hybrid` says that a unix
/// listener belongs to a VMM; `interface` is the device of a link-local listener. Nothing: the family is none of ours
/// or the kernel would not say who it is.
std::optional<Peer> peer_of(int fd, const sockaddr_storage& from, bool hybrid, const std::string& interface);

}  // namespace gatehouse::net
