// The addresses of configuration: where to listen, where backends are. Parsing only; nothing is resolved or opened.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace gatehouse::net {

/// VsockAddress: "vsock:CID:PORT" or, to listen on, "vsock:any:PORT".
struct VsockAddress {
  std::optional<std::uint32_t> cid;  ///< empty: any
  std::uint32_t port = 0;
};
/// HybridAddress: "hybrid:UDS_PATH:PORT": the VMM connects to the unix socket UDS_PATH_PORT, and listens on UDS_PATH.
struct HybridAddress {
  std::string uds_path;
  std::uint32_t port = 0;
  /// socket_path: "UDS_PATH_PORT".
  [[nodiscard]] std::string socket_path() const { return uds_path + "_" + std::to_string(port); }
};
/// UnixAddress: "unix:PATH", an absolute path.
struct UnixAddress {
  std::string path;
};
/// TcpAddress: "tcp:127.0.0.1:PORT" or "tcp:[ADDR%INTERFACE]:PORT".
struct TcpAddress {
  std::variant<in_addr, in6_addr> host;
  std::string interface;  ///< IPv6 link-local only
  std::uint16_t port = 0;
  [[nodiscard]] bool loopback() const;
  [[nodiscard]] bool link_local() const;
};
/// SystemdAddress: "systemd:NAME": a socket of the service manager by its FileDescriptorName.
struct SystemdAddress {
  std::string name;
};

using ListenAddress = std::variant<VsockAddress, HybridAddress, UnixAddress, TcpAddress, SystemdAddress>;
/// BackendAddress: of vsock the CID is stated; hybrid is the VMM's own socket UDS_PATH, which is asked for PORT.
using BackendAddress = std::variant<UnixAddress, TcpAddress, VsockAddress, HybridAddress>;

/// parse_listen_address: an address to listen on, or what is wrong with it and what to write instead. TCP that is
/// neither loopback nor IPv6 link-local with an interface is refused: its source could be forged. Ports are 1..65535
/// (vsock: 1..4294967294); a unix path is absolute and fits sockaddr_un (the hybrid one with its _PORT).
std::expected<ListenAddress, std::string> parse_listen_address(std::string_view text);

/// parse_backend_address: "unix:PATH", "tcp:ADDR:PORT" (IPv4, or IPv6 in brackets), "vsock:CID:PORT" or
/// "hybrid:UDS_PATH:PORT", or what is wrong.
std::expected<BackendAddress, std::string> parse_backend_address(std::string_view text);

/// parse_http_address: "ADDR:PORT" (IPv4, or IPv6 in brackets) or "unix:PATH", a TcpAddress or UnixAddress, or what
/// is wrong; "tcp:" may stand before the former. What is not loopback is refused unless `open`.
std::expected<ListenAddress, std::string> parse_http_address(std::string_view text, bool open);

/// format: the address as it is written in configuration.
std::string format(const ListenAddress& a);
std::string format(const BackendAddress& a);

/// source_port_known: whether peers of such a listener come with a source port that means something. Of
/// "systemd:" it is not known until the socket is seen: nothing.
std::optional<bool> source_port_known(const ListenAddress& a);

}  // namespace gatehouse::net
