#include "guest/relay/address.h"

namespace gatehouse::guest {
namespace {

constexpr const char* kNotLocal =
    "is no loopback address, and whoever connects to the relay speaks as this virtual machine: write 127.0.0.1:2049, "
    "[::1]:2049 or unix:/run/gatehouse-guest/nfs.sock";

template <typename To, typename From>
std::string format_any(const From& a) {
  return std::visit([](const auto& x) { return net::format(To(x)); }, a);
}

std::unexpected<std::string> wrong(std::string_view text, const char* what) {
  return std::unexpected('"' + std::string(text) + "\" " + what);
}

}  // namespace

std::expected<LocalAddress, std::string> parse_local(std::string_view text) {
  const bool bare = !text.empty() && (text.front() == '[' || (text.front() >= '0' && text.front() <= '9'));
  const auto parsed = net::parse_listen_address(bare ? "tcp:" + std::string(text) : std::string(text));
  // Of TCP the gateway's parser says what a gateway may listen on, which is more.
  if (!parsed && text.starts_with("unix:")) return std::unexpected(parsed.error());
  if (!parsed) return wrong(text, kNotLocal);
  if (const auto* path = std::get_if<net::UnixAddress>(&*parsed)) return *path;
  const auto* tcp = std::get_if<net::TcpAddress>(&*parsed);
  if (tcp == nullptr || !tcp->loopback()) return wrong(text, kNotLocal);
  return *tcp;
}

std::expected<Upstream, std::string> parse_upstream(std::string_view text) {
  const auto parsed = net::parse_listen_address(text);
  if (!parsed) return std::unexpected(parsed.error());
  if (const auto* path = std::get_if<net::UnixAddress>(&*parsed)) return *path;
  const auto* vsock = std::get_if<net::VsockAddress>(&*parsed);
  if (vsock == nullptr) return wrong(text, "is no way to the host: write vsock:2:2049 (2 is the host's CID)");
  if (!vsock->cid) return wrong(text, "names no CID to connect to: write vsock:2:2049 (2 is the host's CID)");
  return *vsock;
}

std::string format(const LocalAddress& a) {
  return format_any<net::ListenAddress>(a);
}

std::string format(const Upstream& a) {
  return format_any<net::ListenAddress>(a);
}

}  // namespace gatehouse::guest
