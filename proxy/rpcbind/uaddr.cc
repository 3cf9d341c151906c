#include "proxy/rpcbind/uaddr.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "proxy/net/vsock_address.h"

namespace gatehouse::rpcbind {
namespace {

static_assert(sizeof(sockaddr_vm) == kTaddrBytes);

std::optional<std::uint32_t> decimal(std::string_view s) {
  std::uint32_t v = 0;
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), v);
  if (error != std::errc{} || end != s.data() + s.size() || (s.size() > 1 && s.front() == '0')) return std::nullopt;
  return v;
}

}  // namespace

std::optional<VsockUaddr> parse_vsock_uaddr(std::string_view text) {
  const auto dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto cid = decimal(text.substr(0, dot));
  const auto port = decimal(text.substr(dot + 1));
  if (!cid || !port) return std::nullopt;
  return VsockUaddr{*cid, *port};
}

void Text::add(std::string_view s) {
  s = s.substr(0, room_.size() - size_);
  std::ranges::copy(s, room_.begin() + static_cast<std::ptrdiff_t>(size_));
  size_ += s.size();
}

void Text::add(std::uint32_t number) {
  std::array<char, 10> digits;
  add(std::string_view(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr));
}

Text format_vsock_uaddr(VsockUaddr a) {
  Text out;
  out.add(a.cid);
  out.add(".");
  out.add(a.port);
  return out;
}

Text format_inet_uaddr(std::string_view host, std::uint16_t port) {
  Text out;
  out.add(host);
  for (const int octet : {port >> 8, port & 0xff}) {
    out.add(".");
    out.add(static_cast<std::uint32_t>(octet));
  }
  return out;
}

Taddr vsock_taddr(VsockUaddr a) {
  const sockaddr_vm sa = net::vsock_sockaddr(a.cid, a.port);
  Taddr out;
  std::memcpy(out.data(), &sa, sizeof sa);
  return out;
}

std::optional<VsockUaddr> parse_vsock_taddr(rpc::Bytes taddr) {
  if (taddr.size() != kTaddrBytes) return std::nullopt;
  sockaddr_vm sa{};
  std::memcpy(&sa, taddr.data(), sizeof sa);
  if (sa.svm_family != AF_VSOCK) return std::nullopt;
  return VsockUaddr{sa.svm_cid, sa.svm_port};
}

}  // namespace gatehouse::rpcbind
