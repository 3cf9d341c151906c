// Whether ports below 1024 are what the gateway and its servers take them for, and whether there are any left.
#include <algorithm>
#include <map>
#include <set>

#include "proxy/config/source_address.h"
#include "proxy/ctl/doctor/checks.h"
#include "proxy/ctl/doctor/sockets.h"
#include "proxy/net/connect.h"

namespace gatehouse::doctor {
namespace {

constexpr std::uint64_t kReserved = 1024;
constexpr std::size_t kPorts = net::kLastReservedPort - net::kFirstReservedPort + 1;
constexpr std::size_t kFewPorts = 60;

bool ours(const TcpSocket& s) {
  return s.port >= net::kFirstReservedPort && s.port <= net::kLastReservedPort;
}

void check_reserved(const Host& host, Findings& out) {
  const auto start = host.number("/proc/sys/net/ipv4/ip_unprivileged_port_start");
  if (!start) return out.unknown("net.ipv4.ip_unprivileged_port_start cannot be read", "is /proc mounted?");
  const std::string seen = "net.ipv4.ip_unprivileged_port_start is " + std::to_string(*start);
  if (*start < kReserved)
    return out.problem(
        seen + ": any process may use reserved ports from there on, and be any guest to a server",
        "sysctl net.ipv4.ip_unprivileged_port_start=1024, and see /etc/sysctl.d; it is set for containers at times");
  out.ok(seen);
}

void check_range(const Host& host, Findings& out) {
  const auto low = host.number("/proc/sys/net/ipv4/ip_local_port_range");
  if (low && *low < kReserved)
    out.warning("net.ipv4.ip_local_port_range begins at " + std::to_string(*low) +
                    ": connections of any program are given reserved ports",
                "sysctl -w net.ipv4.ip_local_port_range='32768 60999'");
}

// The ports that listeners on every address have: no guest's link can come from there.
std::size_t taken_everywhere(const std::vector<TcpSocket>& sockets) {
  std::set<std::uint16_t> out;
  for (const TcpSocket& s : sockets)
    if (ours(s) && s.listening && s.any_address()) out.insert(s.port);
  return out.size();
}

void check_free(const Exam& e, Findings& out) {
  const auto sockets = tcp_sockets(e.host);
  if (!sockets) return out.unknown("/proc/net/tcp cannot be read", "is /proc mounted?");
  const std::size_t everywhere = taken_everywhere(*sockets);
  std::map<std::array<std::uint8_t, 4>, std::set<std::uint16_t>> used;
  for (const TcpSocket& s : *sockets)
    if (ours(s) && !s.ipv6 && !s.any_address())
      used[{s.address[0], s.address[1], s.address[2], s.address[3]}].insert(s.port);
  Names few;
  std::size_t most = 0;
  if (e.conf)
    for (const policy::Guest& g : e.conf->guests) {
      const auto found = used.find(g.source_address);
      const std::size_t taken = found == used.end() ? 0 : found->second.size();
      most = std::max(most, taken);
      if (taken + everywhere + kFewPorts > kPorts)
        few.add(g.name + " (" + config::format_ipv4(g.source_address) + ", " + std::to_string(taken) + " in use)");
    }
  const std::string all = std::to_string(kPorts) + " ports of " + std::to_string(net::kFirstReservedPort) + " to " +
                          std::to_string(net::kLastReservedPort);
  if (!few.empty())
    return out.warning("nearly all of the " + all + " are taken for " + few.str(),
                       "ss -tanp shows by whom; lower limits.connections of the guest, or end what else uses them");
  out.ok("of the " + all + ", " + std::to_string(everywhere) +
         " are taken by listeners on every address, and at most " + std::to_string(most) + " by one guest's address");
}

void check_connections(const config::Config& c, Findings& out) {
  Names many;
  for (const policy::Guest& g : c.guests)
    if (g.limits.connections > kPorts) many.add(g.name + " (" + std::to_string(g.limits.connections) + ')');
  const bool by_tcp = std::ranges::any_of(
      c.backends, [](const config::Backend& b) { return std::holds_alternative<net::TcpAddress>(b.address); });
  if (by_tcp && !many.empty())
    out.warning("limits.connections is more than the " + std::to_string(kPorts) +
                    " source ports that a guest has to one server: " + many.str(),
                "at most " + std::to_string(kPorts) + ": a connection beyond it waits for a link that does not come");
}

}  // namespace

void check_reserved_ports(const Exam& e, std::size_t /*part*/, Findings& out) {
  check_reserved(e.host, out);
  check_range(e.host, out);
  check_free(e, out);
  if (e.conf) check_connections(*e.conf, out);
}

}  // namespace gatehouse::doctor
