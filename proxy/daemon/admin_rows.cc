#include "proxy/daemon/admin_rows.h"

#include <algorithm>

#include "proxy/config/source_address.h"

namespace gatehouse::daemon {
namespace {

using runtime::CallFlavor;
using runtime::Count;
using runtime::GuestState;

constexpr std::size_t kShownHandle = 4;  // bytes: enough to tell two contexts apart, too little to use one

std::uint64_t count(const GuestState& g, Count what) {
  return g.sum([&](const runtime::GuestCounters& c) -> const runtime::Cell& {
    return c.counts[static_cast<std::size_t>(what)];
  });
}

std::string identity_text(const config::Config& conf, const policy::IdentityKeys& k) {
  std::string out;
  const auto add = [&](const char* key, const std::string& value) {
    out += (out.empty() ? "" : " ") + std::string(key) + '=' + value;
  };
  if (k.cid) add("cid", std::to_string(*k.cid));
  if (!k.listeners.empty()) {
    std::string names;
    for (const std::uint16_t l : k.listeners) names += (names.empty() ? "" : ",") + conf.listeners[l].name;
    add("listener", names);
  }
  if (!k.interface.empty()) add("interface", k.interface);
  if (k.uid) add("uid", std::to_string(*k.uid));
  return out;
}

std::string_view seen_word(runtime::BackendState::Seen seen) {
  switch (seen) {
    case runtime::BackendState::Seen::up: return "up";
    case runtime::BackendState::Seen::down: return "down";
    case runtime::BackendState::Seen::untried: return "untried";
  }
  return "untried";
}

std::vector<std::string_view> flavor_words(std::uint32_t bits) {
  std::vector<std::string_view> out;
  for (std::size_t i = 0; i < runtime::kCallFlavors; ++i)
    if ((bits >> i & 1U) != 0) out.push_back(runtime::flavor_word(static_cast<CallFlavor>(i)));
  return out;
}

admin::Sums sums_of(const GuestState& g) {
  return {g.connections.used(),        g.in_flight.used(),        g.contexts.size(),         count(g, Count::calls),
          count(g, Count::rejections), count(g, Count::bytes_in), count(g, Count::bytes_out)};
}

}  // namespace

admin::Status status_of(const runtime::Snapshot& now) {
  admin::Status s;
  s.snapshot = now.number;
  for (std::size_t i = 0; i < now.conf.listeners.size(); ++i)
    s.listeners.push_back({now.conf.listeners[i].name, net::format(now.conf.listeners[i].address), now.listening[i]});
  for (const auto& b : now.backends)
    s.backends.push_back({b->conf.name, net::format(b->conf.address), seen_word(b->seen())});
  s.totals.guests = now.guests.size();
  for (const auto& g : now.guests) s.totals.sums += sums_of(*g);
  for (std::size_t i = 0; i < static_cast<std::size_t>(CallFlavor::other); ++i)
    s.capabilities.flavors.push_back(runtime::flavor_word(static_cast<CallFlavor>(i)));
  s.capabilities.transports = {"vsock", "hybrid", "tcp", "unix", "systemd"};
  s.capabilities.acceptor = now.conf.kerberos.acceptor == config::Kerberos::Acceptor::keytab ? "keytab" : "gssproxy";
  return s;
}

admin::Rows<admin::Guest> guest_rows(const runtime::Snapshot& now) {
  admin::Rows<admin::Guest> out;
  out.reserve(now.guests.size());
  for (std::size_t i = 0; i < now.guests.size(); ++i) {
    const GuestState& g = *now.guests[i];
    const policy::Guest& conf = now.conf.guests[i];
    out.push_back({g.name, conf.uuid, identity_text(now.conf, conf.identity), config::format_ipv4(conf.source_address),
                   conf.trusted, g.draining, g.trace->wanted(), sums_of(g)});
  }
  return out;
}

admin::Session row_of(session::Facts f, const std::string& guest, std::size_t worker) {
  return {f.id,       guest,       f.peer.str(),         worker, f.age, f.idle, f.calls, flavor_words(f.flavors),
          f.bytes_in, f.bytes_out, std::move(f.backends)};
}

admin::Context row_of(const gss::Context& c, const std::string& guest, const gss::Clock& now) {
  static constexpr char kHex[] = "0123456789abcdef";
  admin::Context out;
  out.guest = guest;
  out.principal = c.identity().principal;
  for (std::size_t i = 0; i < kShownHandle; ++i)
    out.handle.append({kHex[c.handle()[i] >> 4], kHex[c.handle()[i] & 15]});
  const gss::Ids& ids = c.identity().ids;
  out.uid = ids.uid;
  out.gid = ids.gid;
  out.groups = ids.groups.size();
  out.age_ms = now.monotonic_ms - std::min(now.monotonic_ms, c.taken_in());
  out.idle_ms = now.monotonic_ms - std::min(now.monotonic_ms, c.last_used());
  out.expires_ms = c.ends_in(now);
  return out;
}

}  // namespace gatehouse::daemon
