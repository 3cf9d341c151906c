// The sockets of this host, as /proc lists them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "proxy/ctl/doctor/host.h"

namespace gatehouse::doctor {

/// TcpSocket: a line of /proc/net/tcp or tcp6.
struct TcpSocket {
  std::array<std::uint8_t, 16> address{};  ///< local, network order; IPv4 in the first four bytes
  bool ipv6 = false;
  std::uint16_t port = 0;  ///< local
  bool listening = false;
  std::uint32_t uid = 0;  ///< of who made it
  std::uint64_t inode = 0;
  [[nodiscard]] bool any_address() const { return address == std::array<std::uint8_t, 16>{}; }
};

/// parse_tcp: the sockets of such a file; lines that the kernel would not write are left out.
std::vector<TcpSocket> parse_tcp(std::string_view text, bool ipv6);

/// tcp_sockets: those of both files; nothing: they cannot be read.
std::optional<std::vector<TcpSocket>> tcp_sockets(const Host& host);

/// unix_listener: the inode of a listening socket of that path in /proc/net/unix, given as text.
std::optional<std::uint64_t> unix_listener(std::string_view text, std::string_view path);

/// holder_of: the name of a process that has the socket open, "gatehoused"; empty: this user may not see it.
std::string holder_of(const Host& host, std::uint64_t inode);

}  // namespace gatehouse::doctor
