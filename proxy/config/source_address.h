// The loopback address that a guest's links come from, made from its name.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace gatehouse::config {

/// derive_source_address: the address of the guest called `name` while it states none: the FNV-1a hash (64 bits) of the
/// name's bytes, modulo 2^14 * 254, gives one of 127.64.0.1 to 127.127.255.254 whose last byte is neither 0 nor 255.
/// It depends on the name alone, never on the CID, so that a re-used CID inherits no exports. Fixed for ever: exports
/// of servers name these addresses. Network order.
std::array<std::uint8_t, 4> derive_source_address(std::string_view name);

/// format_ipv4: "127.66.0.42".
std::string format_ipv4(const std::array<std::uint8_t, 4>& address);

}  // namespace gatehouse::config
