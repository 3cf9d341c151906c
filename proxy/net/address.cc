#include "proxy/net/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <sys/un.h>

#include <charconv>

namespace gatehouse::net {
namespace {

constexpr std::uint32_t kAnyCid = 0xffffffffU;
constexpr std::uint32_t kMaxVsockPort = 0xfffffffeU;
constexpr std::size_t kMaxUnixPath = sizeof(sockaddr_un{}.sun_path) - 1;
constexpr std::size_t kMaxSystemdName = 255;

using Error = std::unexpected<std::string>;

Error wrong(std::string_view text, const std::string& what) {
  return Error('"' + std::string(text) + "\" " + what);
}

// Plain decimal, as the draft's section 7 has it: no sign, no blanks, no leading zero.
std::optional<std::uint32_t> decimal(std::string_view s) {
  std::uint32_t v = 0;
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), v);
  if (error != std::errc{} || end != s.data() + s.size() || (s.size() > 1 && s.front() == '0')) return std::nullopt;
  return v;
}

bool has_control(std::string_view s) {
  for (const char c : s)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return true;
  return false;
}

// The parts before and after the last colon, because paths may have colons too.
bool split_last(std::string_view s, std::string_view& head, std::string_view& tail) {
  const auto colon = s.rfind(':');
  if (colon == std::string_view::npos) return false;
  head = s.substr(0, colon);
  tail = s.substr(colon + 1);
  return true;
}

// What is wrong with a socket's path of which `room` bytes are already spoken for; empty: nothing.
std::string path_fault(std::string_view path, std::size_t room) {
  if (path.empty() || path.front() != '/') return "needs an absolute path, for example /run/gatehouse/nfs.sock";
  if (path.back() == '/') return "names a folder: write the path of the socket";
  if (has_control(path)) return "has a control character in its path";
  if (path.size() + room > kMaxUnixPath)
    return "has a path of " + std::to_string(path.size() + room) + " bytes; a socket's path has room for " +
           std::to_string(kMaxUnixPath);
  return {};
}

std::expected<VsockAddress, std::string> parse_vsock(std::string_view text, std::string_view rest) {
  std::string_view cid, port;
  if (!split_last(rest, cid, port)) return wrong(text, "needs a CID and a port: write for example vsock:2:2049");
  VsockAddress out;
  if (cid != "any") {
    out.cid = decimal(cid);
    if (!out.cid || *out.cid == kAnyCid)
      return wrong(text, "has no CID: write a decimal number below 4294967295, or \"any\" to listen");
  }
  const auto number = decimal(port);
  if (!number || *number == 0 || *number > kMaxVsockPort)
    return wrong(text, "has no vsock port: write a decimal number of 1 to 4294967294, for example vsock:any:2049");
  out.port = *number;
  return out;
}

std::expected<HybridAddress, std::string> parse_hybrid(std::string_view text, std::string_view rest) {
  std::string_view path, port;
  if (!split_last(rest, path, port))
    return wrong(text, "needs a path and a port: write for example hybrid:/run/vm/v.sock:2049");
  const auto number = decimal(port);
  if (!number || *number == 0 || *number > kMaxVsockPort)
    return wrong(text, "has no vsock port: write a decimal number of 1 to 4294967294 after the last colon");
  if (const auto fault = path_fault(path, 1 + port.size()); !fault.empty()) return wrong(text, fault);
  return HybridAddress{std::string(path), *number};
}

std::expected<UnixAddress, std::string> parse_unix(std::string_view text, std::string_view rest) {
  if (const auto fault = path_fault(rest, 0); !fault.empty()) return wrong(text, fault);
  return UnixAddress{std::string(rest)};
}

// Sets out.host and out.interface from "ADDR" or "[ADDR%INTERFACE]"; returns what is wrong, empty: nothing.
std::string read_host(std::string_view host, TcpAddress& out) {
  if (host.empty() || host.front() != '[') {
    in_addr v4{};
    if (inet_pton(AF_INET, std::string(host).c_str(), &v4) != 1)
      return "has no numeric address: names are not looked up, write tcp:127.0.0.1:2049 or tcp:[fe80::1%tap0]:2049";
    out.host = v4;
    return {};
  }
  if (host.back() != ']') return "has no closing bracket after the IPv6 address";
  host = host.substr(1, host.size() - 2);
  if (const auto percent = host.find('%'); percent != std::string_view::npos) {
    out.interface = host.substr(percent + 1);
    if (out.interface.empty() || out.interface.size() >= IFNAMSIZ || has_control(out.interface) ||
        out.interface.find_first_of(" /:%") != std::string::npos)
      return "has no valid interface after %: write the link's name, at most 15 characters, for example %tap0";
    host = host.substr(0, percent);
  }
  in6_addr v6{};
  if (inet_pton(AF_INET6, std::string(host).c_str(), &v6) != 1)
    return "has no numeric IPv6 address in its brackets: write for example tcp:[fe80::1%tap0]:2049";
  if (IN6_IS_ADDR_V4MAPPED(&v6))
    return "is IPv4 written as IPv6: write the IPv4 address, for example tcp:127.0.0.1:2049";
  out.host = v6;
  if (out.link_local() && out.interface.empty())
    return "is link-local and names no interface: write it behind a %, for example tcp:[fe80::1%tap0]:2049";
  if (!out.link_local() && !out.interface.empty())
    return "names an interface, but is not a link-local address (fe80::/10)";
  return {};
}

std::expected<TcpAddress, std::string> parse_tcp(std::string_view text, std::string_view rest) {
  std::string_view host, port;
  if (!split_last(rest, host, port) || host.empty())
    return wrong(text, "needs an address and a port: write tcp:127.0.0.1:2049");
  if (has_control(rest)) return wrong(text, "has a control character in it");
  TcpAddress out;
  if (const auto fault = read_host(host, out); !fault.empty()) return wrong(text, fault);
  const auto number = decimal(port);
  if (!number || *number == 0 || *number > 65535)
    return wrong(text, "has no TCP port: write a decimal number of 1 to 65535, for example tcp:127.0.0.1:2049");
  out.port = static_cast<std::uint16_t>(*number);
  return out;
}

std::expected<ListenAddress, std::string> parse_systemd(std::string_view text, std::string_view name) {
  if (name.empty() || name.size() > kMaxSystemdName || has_control(name) || name.find(':') != std::string_view::npos)
    return wrong(text, "needs the FileDescriptorName of a socket unit: write for example systemd:gatehouse-nfs");
  return SystemdAddress{std::string(name)};
}

// Whether a connection can be made to it at all.
bool connectable(const TcpAddress& a) {
  if (const auto* v6 = std::get_if<in6_addr>(&a.host))
    return !IN6_IS_ADDR_UNSPECIFIED(v6) && !IN6_IS_ADDR_MULTICAST(v6);
  const std::uint32_t v4 = ntohl(std::get<in_addr>(a.host).s_addr);
  return v4 >> 24 != 0 && v4 >> 28 < 14;
}

std::string format_tcp(const TcpAddress& a) {
  char buffer[INET6_ADDRSTRLEN] = {};
  const std::string port = ':' + std::to_string(a.port);
  if (const auto* v4 = std::get_if<in_addr>(&a.host)) {
    inet_ntop(AF_INET, v4, buffer, sizeof buffer);
    return "tcp:" + std::string(buffer) + port;
  }
  inet_ntop(AF_INET6, &std::get<in6_addr>(a.host), buffer, sizeof buffer);
  return "tcp:[" + std::string(buffer) + (a.interface.empty() ? "" : "%" + a.interface) + ']' + port;
}

struct Format {
  std::string operator()(const VsockAddress& a) const {
    return "vsock:" + (a.cid ? std::to_string(*a.cid) : "any") + ':' + std::to_string(a.port);
  }
  std::string operator()(const HybridAddress& a) const { return "hybrid:" + a.uds_path + ':' + std::to_string(a.port); }
  std::string operator()(const UnixAddress& a) const { return "unix:" + a.path; }
  std::string operator()(const TcpAddress& a) const { return format_tcp(a); }
  std::string operator()(const SystemdAddress& a) const { return "systemd:" + a.name; }
};

}  // namespace

bool TcpAddress::loopback() const {
  if (const auto* v6 = std::get_if<in6_addr>(&host)) return IN6_IS_ADDR_LOOPBACK(v6);
  return ntohl(std::get<in_addr>(host).s_addr) >> 24 == 127;
}

bool TcpAddress::link_local() const {
  const auto* v6 = std::get_if<in6_addr>(&host);
  return v6 != nullptr && IN6_IS_ADDR_LINKLOCAL(v6);
}

std::expected<ListenAddress, std::string> parse_listen_address(std::string_view text) {
  const auto colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  const std::string_view rest = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (kind == "vsock") return parse_vsock(text, rest);
  if (kind == "hybrid") return parse_hybrid(text, rest);
  if (kind == "unix") return parse_unix(text, rest);
  if (kind == "systemd") return parse_systemd(text, rest);
  if (kind == "vsockd") return wrong(text, "asks for datagrams, which no vsock transport has: write vsock:any:2049");
  if (kind != "tcp")
    return wrong(text, "is no address to listen on: it begins with vsock:, hybrid:, tcp:, unix: or systemd:");
  const auto tcp = parse_tcp(text, rest);
  if (!tcp) return Error(tcp.error());
  if (!tcp->loopback() && !tcp->link_local())
    return wrong(text,
                 "is neither loopback nor link-local on an interface: anybody on that network could pose as a "
                 "guest; write tcp:127.0.0.1:2049 or tcp:[fe80::1%tap0]:2049");
  return *tcp;
}

std::expected<BackendAddress, std::string> parse_backend_address(std::string_view text) {
  const auto colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  const std::string_view rest = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (kind == "unix") return parse_unix(text, rest);
  if (kind == "hybrid") return parse_hybrid(text, rest);
  if (kind == "vsock") {
    const auto vsock = parse_vsock(text, rest);
    if (vsock && !vsock->cid)
      return wrong(text, "names no machine: write the CID to connect to, for example vsock:42:700");
    if (!vsock) return Error(vsock.error());
    return *vsock;
  }
  if (kind != "tcp") return wrong(text, "is no backend address: it begins with unix:, tcp:, vsock: or hybrid:");
  const auto tcp = parse_tcp(text, rest);
  if (!tcp) return Error(tcp.error());
  if (!connectable(*tcp)) return wrong(text, "is no address to connect to: write for example tcp:127.0.0.1:2049");
  return *tcp;
}

std::expected<ListenAddress, std::string> parse_http_address(std::string_view text, bool open) {
  if (text.starts_with("unix:")) return parse_unix(text, text.substr(5));
  const auto tcp = parse_tcp(text, text.starts_with("tcp:") ? text.substr(4) : text);
  if (!tcp) return Error(tcp.error() + "; HTTP is served on 127.0.0.1:PORT, [::1]:PORT or unix:PATH");
  if (!open && !tcp->loopback())
    return wrong(text, "is not loopback: write 127.0.0.1:PORT, [::1]:PORT or unix:PATH, or state http_open = true");
  return *tcp;
}

std::string format(const ListenAddress& a) {
  return std::visit(Format{}, a);
}
std::string format(const BackendAddress& a) {
  return std::visit(Format{}, a);
}

std::optional<bool> source_port_known(const ListenAddress& a) {
  if (std::holds_alternative<SystemdAddress>(a)) return std::nullopt;
  return std::holds_alternative<VsockAddress>(a) || std::holds_alternative<TcpAddress>(a);
}

}  // namespace gatehouse::net
