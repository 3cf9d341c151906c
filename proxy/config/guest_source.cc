#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "proxy/config/guests.h"
#include "proxy/config/source_address.h"

namespace gatehouse::config {
namespace {

using Ipv4 = std::array<std::uint8_t, 4>;

// What is wrong with an address to come from; empty: nothing.
std::string fault_of(const Ipv4& a) {
  if (a[0] == 127 && a[1] == 0)
    return "is in 127.0.0.0/16, where every local program comes from: write one of 127.64.0.1 to 127.127.255.254";
  if (a[0] == 0 || a[0] >= 224) return "is no address of a host: write for example 127.66.0.42";
  return {};
}

bool loopback(const Ipv4& a) {
  return a[0] == 127;
}

// A packet from loopback does not leave the host: such a guest could never reach the backend.
void check_reachable(Context& ctx, const GuestSource& src, const Config& config, const policy::Guest& g) {
  std::vector<std::uint16_t> seen;
  for (const policy::ProgramGrant& grant : g.programs) {
    const Backend& b = config.backends[grant.backend];
    const auto* tcp = std::get_if<net::TcpAddress>(&b.address);
    if (tcp == nullptr || tcp->loopback() || std::ranges::find(seen, grant.backend) != seen.end()) continue;
    seen.push_back(grant.backend);
    const std::string backend = "backend " + quote(b.name) + " (" + net::format(b.address) + ") is not on loopback";
    if (g.source_address_stated)
      ctx.error(src.table->find("source_address")->place,
                "source_address " + format_ipv4(g.source_address) + " is loopback, but " + backend +
                    ": write an address of this host on the backend's network");
    else
      ctx.error(src.place(), "guest " + quote(g.name) + " has the loopback source address that its name gives, but " +
                                 backend + ": state source_address, an address of this host on the backend's network");
  }
}

}  // namespace

void read_source_address(Context& ctx, const GuestSource& src, const Config& config, policy::Guest& out) {
  out.source_address = derive_source_address(out.name);
  if (const Found f = src.own().find("source_address")) {
    const std::string& text = *f.node->text();
    in_addr parsed{};
    if (text.find('\0') != std::string::npos || inet_pton(AF_INET, text.c_str(), &parsed) != 1) {
      ctx.error(f.node->place,
                "source_address " + quote(text) + " is no IPv4 address: write for example \"127.66.0.42\"");
      return;
    }
    out.source_address_stated = true;
    std::memcpy(out.source_address.data(), &parsed.s_addr, 4);
    if (const std::string fault = fault_of(out.source_address); !fault.empty())
      ctx.error(f.node->place, "source_address " + text + ' ' + fault);
  }
  if (loopback(out.source_address)) check_reachable(ctx, src, config, out);
}

void check_source_addresses(Context& ctx, const std::vector<GuestSource>& sources, const Config& config) {
  std::map<Ipv4, std::size_t> owners;
  for (std::size_t i = 0; i < config.guests.size(); ++i) {
    const policy::Guest& g = config.guests[i];
    if (g.name.empty()) continue;
    const auto [at, fresh] = owners.try_emplace(g.source_address, i);
    const policy::Guest& first = config.guests[at->second];
    if (fresh || first.name == g.name) continue;  // two of one name are reported as that
    const Place& place = g.source_address_stated ? sources[i].table->find("source_address")->place : sources[i].place();
    ctx.error(place, "guests " + quote(first.name) + " (" + sources[at->second].place().str() + ") and " +
                         quote(g.name) + " both have source address " + format_ipv4(g.source_address) +
                         ": servers could not tell them apart; state another source_address for one of them");
  }
}

}  // namespace gatehouse::config
