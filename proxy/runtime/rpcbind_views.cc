#include "proxy/runtime/rpcbind_views.h"

#include <arpa/inet.h>

#include <algorithm>

#include "proxy/rpcbind/uaddr.h"

namespace gatehouse::runtime {
namespace {

using rpcbind::Address;
using rpcbind::Netid;

constexpr std::uint32_t kHostCid = 2;

// Where a guest reaches a listener. The guest of a hybrid VMM dials the host like any other.
struct AddressOf {
  std::optional<Address> operator()(const net::VsockAddress& a) const {
    return vsock(a.cid.value_or(kHostCid), a.port);
  }
  std::optional<Address> operator()(const net::HybridAddress& a) const { return vsock(kHostCid, a.port); }
  std::optional<Address> operator()(const net::UnixAddress& a) const { return Address{Netid::local, a.path, 0}; }
  std::optional<Address> operator()(const net::TcpAddress& a) const {
    char host[INET6_ADDRSTRLEN] = {};
    const bool v4 = std::holds_alternative<in_addr>(a.host);
    std::visit([&](const auto& ip) { inet_ntop(v4 ? AF_INET : AF_INET6, &ip, host, sizeof host); }, a.host);
    return Address{v4 ? Netid::tcp : Netid::tcp6, std::string(rpcbind::format_inet_uaddr(host, a.port).view()), a.port};
  }
  std::optional<Address> operator()(const net::SystemdAddress& /*unknown*/) const { return std::nullopt; }

  static Address vsock(std::uint32_t cid, std::uint32_t port) {
    return {Netid::vsockc, std::string(rpcbind::format_vsock_uaddr({cid, port}).view()), port};
  }
};

// What the listener would know of the guest's peers, so that the index can be asked whether they are the guest.
net::Peer peer_at(const policy::IdentityKeys& keys, const config::Listener& l, std::size_t listener) {
  net::Peer p;
  p.listener = static_cast<std::uint16_t>(listener);
  if (std::holds_alternative<net::VsockAddress>(l.address)) p.cid = keys.cid;
  if (const auto* tcp = std::get_if<net::TcpAddress>(&l.address)) p.interface = tcp->interface;
  if (std::holds_alternative<net::UnixAddress>(l.address) || std::holds_alternative<net::HybridAddress>(l.address))
    p.uid = keys.uid;
  return p;
}

std::optional<Address> address_for(const config::Config& c, const GuestIndex& index, std::uint32_t guest,
                                   std::size_t listener) {
  const config::Listener& l = c.listeners[listener];
  if (index.find(peer_at(c.guests[guest].identity, l, listener)) != guest) return std::nullopt;
  return std::visit(AddressOf{}, l.address);
}

// The listeners that a guest can come by at all, in their order: there may be very many, one for each guest.
std::vector<std::uint16_t> listeners_of(const config::Config& c, std::uint32_t guest) {
  std::vector<std::uint16_t> out = c.guests[guest].identity.listeners;
  if (out.empty())
    for (std::size_t l = 0; l < c.listeners.size(); ++l) out.push_back(static_cast<std::uint16_t>(l));
  std::ranges::sort(out);
  return out;
}

void add_all(const config::Config& c, const GuestIndex& index, std::uint32_t guest, rpcbind::View& view) {
  std::vector<Address> addresses;
  for (const std::uint16_t l : listeners_of(c, guest))
    if (!c.listeners[l].rpcbind)
      if (auto a = address_for(c, index, guest, l)) addresses.push_back(*std::move(a));
  std::ranges::stable_partition(addresses, [&](const Address& a) { return a.netid == view.asked_over(); });
  for (const Address& a : addresses)
    for (const policy::ProgramGrant& g : c.guests[guest].programs)
      // A server's rpcbind, granted as a program, is not the one that was asked.
      if (g.program != rpcbind::kProgram) view.add({g.program, g.low, g.high}, a);
}

}  // namespace

std::vector<RpcbindView> rpcbind_views(const config::Config& c, const GuestIndex& index, std::uint32_t guest) {
  std::vector<RpcbindView> out;
  for (const std::uint16_t l : listeners_of(c, guest)) {
    if (!c.listeners[l].rpcbind) continue;
    const auto own = address_for(c, index, guest, l);
    if (!own) continue;
    rpcbind::View view(own->netid);
    view.add({rpcbind::kProgram, rpcbind::kLowVersion, rpcbind::kHighVersion}, *own);
    add_all(c, index, guest, view);
    out.push_back({l, std::move(view)});
  }
  return out;
}

}  // namespace gatehouse::runtime
