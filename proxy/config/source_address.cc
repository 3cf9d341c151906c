#include "proxy/config/source_address.h"

namespace gatehouse::config {
namespace {

// Fowler, Noll, Vo: draft-eastlake-fnv, section 5, FNV-1a with 64 bits.
constexpr std::uint64_t fnv1a(std::string_view s) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : s) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3U;
  }
  return hash;
}
static_assert(fnv1a("") == 0xcbf29ce484222325U && fnv1a("a") == 0xaf63dc4c8601ec8cU);

constexpr std::uint64_t kHostsOfNet = 254;  // last byte 1..254
constexpr std::uint64_t kNets = 64U << 8;   // second byte 64..127, third byte any

}  // namespace

std::array<std::uint8_t, 4> derive_source_address(std::string_view name) {
  const std::uint64_t n = fnv1a(name) % (kNets * kHostsOfNet);
  const std::uint64_t net = n / kHostsOfNet;
  return {127, static_cast<std::uint8_t>(64 + (net >> 8)), static_cast<std::uint8_t>(net & 0xff),
          static_cast<std::uint8_t>(1 + n % kHostsOfNet)};
}

std::string format_ipv4(const std::array<std::uint8_t, 4>& a) {
  return std::to_string(a[0]) + '.' + std::to_string(a[1]) + '.' + std::to_string(a[2]) + '.' + std::to_string(a[3]);
}

}  // namespace gatehouse::config
