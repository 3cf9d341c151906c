#include "proxy/rpcbind/view.h"

#include <algorithm>
#include <array>

namespace gatehouse::rpcbind {
namespace {

// In the order of Netid.
constexpr std::array<std::string_view, 4> kNames = {"vsockc", "tcp", "tcp6", "local"};

bool same_to_version_2(const Program& p, const Address& a, const Entry& e) {
  return e.program.number == p.number && e.program.low == p.low && e.program.high == p.high && e.address.port == a.port;
}

}  // namespace

std::string_view netid_name(Netid n) {
  return kNames[static_cast<std::size_t>(n)];
}

std::optional<Netid> netid_of(std::string_view name) {
  if (name == "vsock") return Netid::vsockc;
  const auto* const at = std::ranges::find(kNames, name);
  if (at == kNames.end()) return std::nullopt;
  return static_cast<Netid>(at - kNames.begin());
}

bool View::add(const Program& program, const Address& address) {
  if (entries_.size() >= kMaxListed || address.uaddr.size() > kMaxUaddr) return false;
  const bool repeats =
      std::ranges::any_of(entries_, [&](const Entry& e) { return same_to_version_2(program, address, e); });
  entries_.push_back({program, address, repeats});
  return true;
}

}  // namespace gatehouse::rpcbind
