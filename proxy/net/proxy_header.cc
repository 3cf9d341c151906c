#include "proxy/net/proxy_header.h"

#include <algorithm>
#include <cstring>

namespace gatehouse::net {

ProxyHeader write_proxy_header(const std::array<std::uint8_t, 4>& source, std::uint16_t source_port,
                               const BackendAddress& backend) {
  ProxyHeader out{};
  static constexpr std::uint8_t kSignature[12] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                                                  0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
  std::ranges::copy(kSignature, out.begin());
  out[12] = 0x21;  // version 2, PROXY
  out[13] = 0x11;  // TCP over IPv4
  out[15] = 12;    // two addresses and two ports follow
  std::ranges::copy(source, &out[16]);
  std::uint16_t port = 0;
  if (const auto* tcp = std::get_if<TcpAddress>(&backend)) {
    port = tcp->port;
    if (const auto* v4 = std::get_if<in_addr>(&tcp->host)) std::memcpy(&out[20], v4, 4);
  }
  out[24] = static_cast<std::uint8_t>(source_port >> 8);
  out[25] = static_cast<std::uint8_t>(source_port);
  out[26] = static_cast<std::uint8_t>(port >> 8);
  out[27] = static_cast<std::uint8_t>(port);
  return out;
}

}  // namespace gatehouse::net
