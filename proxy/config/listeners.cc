#include "proxy/config/sections.h"
#include "proxy/config/units.h"

namespace gatehouse::config {
namespace {

bool has_socket_file(const net::ListenAddress& a) {
  return std::holds_alternative<net::UnixAddress>(a) || std::holds_alternative<net::HybridAddress>(a);
}

// An address that is not understood stays a systemd one: what its peers look like is then not known, and no further
// problem follows from it.
net::ListenAddress read_address(Context& ctx, const View& v) {
  const Found found = v.find("address");
  if (!found) return net::SystemdAddress{};
  auto address = net::parse_listen_address(*found.node->text());
  if (address) return *std::move(address);
  ctx.error(found.node->place, "address " + address.error());
  return net::SystemdAddress{};
}

void check_kind_keys(Context& ctx, const Node& table, const Listener& l) {
  if (const auto* systemd = std::get_if<net::SystemdAddress>(&l.address)) {
    if (l.rpcbind && !systemd->name.empty())
      ctx.error(table.find("rpcbind")->place,
                "rpcbind = true, but what socket " + net::format(l.address) +
                    " is shows only at run time, and which addresses to show with it: write its own address");
    return;
  }
  const auto without_effect = [&](std::string_view key, const char* why) {
    if (const Node* n = table.find(key))
      ctx.warn(n->place, std::string(key) + " has no effect: " + net::format(l.address) + why);
  };
  if (!has_socket_file(l.address)) {
    without_effect("mode", " has no socket file");
    without_effect("group", " has no socket file");
  }
  if (!std::holds_alternative<net::VsockAddress>(l.address)) without_effect("vsock_buffer", " is no vsock address");
}

void check_address_once(Context& ctx, const Node& table, Books& books, const Listener& l) {
  // What an address that cannot be read leaves.
  if (const auto* s = std::get_if<net::SystemdAddress>(&l.address); s != nullptr && s->name.empty()) return;
  const auto [other, first] = books.addresses.emplace(net::format(l.address), l.name);
  if (!first) ctx.error(table.find("address")->place, "listener " + quote(other->second) + " has this address already");
}

}  // namespace

void read_listeners(Context& ctx, const Node& root, Books& books, Config& out) {
  for (const Node* table : tables_of(root, "listener")) {
    check_table(ctx, *table, {Section::listener});
    const View v(Section::listener, table);
    Listener l;
    l.name = books.listeners.claim(ctx, *table, Section::listener, static_cast<std::uint16_t>(out.listeners.size()));
    l.address = read_address(ctx, v);
    l.mode = parse_mode(v.text_or("mode", "0600")).value_or(l.mode);
    l.group = v.text_or("group", "");
    l.vsock_buffer = vsock_buffer(v);
    l.rpcbind = v.boolean("rpcbind").value_or(false);
    check_kind_keys(ctx, *table, l);
    check_address_once(ctx, *table, books, l);
    if (out.listeners.size() == kMostNumbered)
      return ctx.error(table->place, "there are more than " + std::to_string(kMostNumbered) + " listeners");
    out.listeners.push_back(std::move(l));
  }
}

}  // namespace gatehouse::config
