// Universal addresses: how rpcbind writes where a service listens.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "rpc/xdr.h"

namespace gatehouse::rpcbind {

/// VsockUaddr: an address of netid "vsockc" (draft-stefanha-nfsv4-rpc-over-vsock-00 section 7).
struct VsockUaddr {
  std::uint32_t cid = 0;
  std::uint32_t port = 0;
  friend bool operator==(const VsockUaddr&, const VsockUaddr&) = default;
};

/// kTaddrBytes: size of the transport address of a vsock uaddr: a struct sockaddr_vm.
inline constexpr std::size_t kTaddrBytes = 16;
using Taddr = std::array<std::uint8_t, kTaddrBytes>;

/// parse_vsock_uaddr: "CID.PORT", two plain decimal numbers: no sign, no blank, no leading zero, nothing above
/// 4294967295. Nothing for any other text.
std::optional<VsockUaddr> parse_vsock_uaddr(std::string_view text);

/// Text: a short text without allocation; what does not fit is left out.
class Text {
 public:
  void add(std::string_view s);
  void add(std::uint32_t number);
  /// view: valid as long as the Text.
  [[nodiscard]] std::string_view view() const { return {room_.data(), size_}; }

 private:
  std::array<char, 64> room_{};
  std::size_t size_ = 0;
};

/// format_vsock_uaddr: "CID.PORT".
Text format_vsock_uaddr(VsockUaddr a);

/// format_inet_uaddr: `host`, a numeric address, with the port as RFC 5665 section 5.2.3.3 has it: "127.0.0.1.8.1" is
/// port 2049.
Text format_inet_uaddr(std::string_view host, std::uint16_t port);

/// vsock_taddr: the struct sockaddr_vm of this host's kernel, byte for byte, as libtirpc fills a netbuf.
Taddr vsock_taddr(VsockUaddr a);

/// parse_vsock_taddr: the address in a struct sockaddr_vm. Nothing when the bytes are not one.
std::optional<VsockUaddr> parse_vsock_taddr(rpc::Bytes taddr);

}  // namespace gatehouse::rpcbind
