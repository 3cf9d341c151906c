#include <net/if.h>

#include <algorithm>

#include "proxy/config/guests.h"

namespace gatehouse::config {
namespace {

constexpr std::string_view kKeys = "cid, listener, interface or uid";

bool valid_interface(std::string_view s) {
  return !s.empty() && s.size() < IFNAMSIZ && s.find_first_of("/:% \t") == std::string_view::npos;
}

bool valid_uuid(std::string_view s) {
  if (s.size() != 36) return false;
  for (std::size_t i = 0; i < s.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool hex = std::string_view("0123456789abcdefABCDEF").contains(s[i]);
    if (dash ? s[i] != '-' : !hex) return false;
  }
  return true;
}

// Whether peers of the listener can have this key at all. What systemd passes is not known before it is there.
bool gives_cid(const net::ListenAddress& a) {
  return std::holds_alternative<net::VsockAddress>(a) || std::holds_alternative<net::SystemdAddress>(a);
}
bool gives_uid(const net::ListenAddress& a) {
  return std::holds_alternative<net::UnixAddress>(a) || std::holds_alternative<net::HybridAddress>(a) ||
         std::holds_alternative<net::SystemdAddress>(a);
}
bool gives_interface(const net::ListenAddress& a, const std::string& name) {
  const auto* tcp = std::get_if<net::TcpAddress>(&a);
  return std::holds_alternative<net::SystemdAddress>(a) || (tcp != nullptr && tcp->interface == name);
}

// Whether a peer of `a` can match the keys besides `listener`.
bool can_match(const policy::IdentityKeys& keys, const net::ListenAddress& a) {
  return (!keys.cid || gives_cid(a)) && (!keys.uid || gives_uid(a)) &&
         (keys.interface.empty() || gives_interface(a, keys.interface));
}

void check_possible(Context& ctx, const GuestSource& src, const Config& config, const policy::Guest& g) {
  const policy::IdentityKeys& keys = g.identity;
  const int kinds = int{keys.cid.has_value()} + int{!keys.interface.empty()} + int{keys.uid.has_value()};
  if (kinds > 1) {
    ctx.error(src.place(), "guest " + quote(g.name) +
                               " can never match: a peer has a CID, an interface or a uid, never "
                               "two of them; write one guest entry for each way it may come");
  } else if (!keys.listeners.empty()) {
    for (const std::uint16_t index : keys.listeners)
      if (const Listener& l = config.listeners[index]; !can_match(keys, l.address))
        ctx.error(src.table->find("listener")->place,
                  "guest " + quote(g.name) + " can never match: peers of listener " + quote(l.name) + " (" +
                      net::format(l.address) + ") do not have its other key; leave out one of the two");
  } else if (kinds == 1) {
    for (const Listener& l : config.listeners)
      if (can_match(keys, l.address)) return;
    ctx.warn(src.place(), "guest " + quote(g.name) + " has no listener that it could come by: add a [[listener]]");
  }
}

// The names of `listener`, a string or a list of strings. A listener named twice is not read twice.
void read_listener_keys(Context& ctx, const Node& node, const Books& books, policy::IdentityKeys& keys) {
  const auto read = [&](const Node& name) {
    const auto index = books.listeners.resolve(ctx, name);
    if (index && std::ranges::find(keys.listeners, *index) == keys.listeners.end()) keys.listeners.push_back(*index);
  };
  if (node.array() == nullptr) return read(node);
  if (node.array()->empty()) ctx.error(node.place, "listener is an empty list: name one, or leave the key out");
  for (const Node& name : *node.array()) read(name);
}

// Whether some peer could be either, and which is meant could not be told.
bool same_peer(const policy::IdentityKeys& a, const policy::IdentityKeys& b) {
  if (a.cid != b.cid || a.interface != b.interface || a.uid != b.uid) return false;
  if (a.listeners.empty() || b.listeners.empty()) return a.listeners.empty() && b.listeners.empty();
  return std::ranges::find_first_of(a.listeners, b.listeners) != a.listeners.end();
}

std::string show(const policy::IdentityKeys& k, const Config& config) {
  std::string out;
  const auto add = [&](const std::string& s) { out.append(out.empty() ? "" : ", ").append(s); };
  if (k.cid) add("cid = " + std::to_string(*k.cid));
  if (!k.listeners.empty()) add("listener = " + format_listeners(config, k));
  if (!k.interface.empty()) add("interface = " + quote(k.interface));
  if (k.uid) add("uid = " + std::to_string(*k.uid));
  return out;
}

}  // namespace

void read_identity(Context& ctx, const GuestSource& src, const Books& books, const Config& config, policy::Guest& out) {
  const View v = src.own();
  const std::size_t errors_before = ctx.errors.size();
  policy::IdentityKeys& keys = out.identity;
  if (v.find("cid")) keys.cid = v.u32("cid", 0);
  if (v.find("uid")) keys.uid = v.u32("uid", 0);
  if (const Found f = v.find("listener")) read_listener_keys(ctx, *f.node, books, keys);
  if (const Found f = v.find("interface")) {
    keys.interface = *f.node->text();
    if (!valid_interface(keys.interface))
      ctx.error(f.node->place, "interface " + quote(keys.interface) +
                                   ": write a link's name of at most 15 characters, for example \"tap0\"");
  }
  out.uuid = v.text_or("uuid", "");
  if (const Found f = v.find("uuid"); f && !out.uuid.empty() && !valid_uuid(out.uuid))
    ctx.error(f.node->place, "uuid " + quote(out.uuid) + ": write 8-4-4-4-12 hexadecimal digits");

  bool stated = false;
  for (const std::string_view key : {"cid", "listener", "interface", "uid"})
    stated = stated || src.table->find(key) != nullptr;
  if (!stated)
    ctx.error(src.place(), "guest " + quote(out.name) + " has no identity: state " + std::string(kKeys));
  else if (ctx.errors.size() == errors_before)
    check_possible(ctx, src, config, out);
}

void check_identities(Context& ctx, const std::vector<GuestSource>& sources, const Config& config) {
  for (std::size_t i = 0; i < config.guests.size(); ++i) {
    const policy::Guest& g = config.guests[i];
    if (g.identity == policy::IdentityKeys{}) continue;
    for (std::size_t j = 0; j < i; ++j) {
      if (!same_peer(config.guests[j].identity, g.identity)) continue;
      ctx.error(sources[i].place(), "guests " + quote(config.guests[j].name) + " (" + sources[j].place().str() +
                                        ") and " + quote(g.name) + " have the same identity, " +
                                        show(g.identity, config) + ": which is meant could not be told; change one");
      break;
    }
  }
}

std::optional<bool> source_port_known(const Config& c, const policy::Guest& g) {
  if (g.identity.cid || !g.identity.interface.empty()) return true;
  if (g.identity.uid || g.identity.listeners.empty()) return false;
  const auto known = [&](std::uint16_t l) { return net::source_port_known(c.listeners[l].address); };
  const auto first = known(g.identity.listeners.front());
  const bool all_alike = std::ranges::all_of(g.identity.listeners, [&](std::uint16_t l) { return known(l) == first; });
  return all_alike ? first : std::nullopt;
}

std::string format_listeners(const Config& c, const policy::IdentityKeys& k) {
  if (k.listeners.size() == 1) return quote(c.listeners[k.listeners.front()].name);
  std::string out;
  for (const std::uint16_t l : k.listeners) out.append(out.empty() ? "" : ", ").append(quote(c.listeners[l].name));
  return '[' + out + ']';
}

}  // namespace gatehouse::config
