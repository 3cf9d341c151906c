#include "proxy/config/sections.h"

namespace gatehouse::config {
namespace {

bool overlap(const policy::ProgramGrant& g, const ProgramRange& r) {
  return g.program == r.program && g.low <= r.high && r.low <= g.high;
}

void read_program(Context& ctx, const Node& entry, std::uint16_t index, std::vector<policy::ProgramGrant>& out) {
  const auto range = parse_program_range(*entry.text());
  if (!range || !range->versions_stated) {
    ctx.error(entry.place, quote(*entry.text()) +
                               " names no program and version: write \"PROGRAM:VERSION\" or "
                               "\"PROGRAM:LOW-HIGH\", for example \"nfs:3-4\" or \"100227:3\"");
    return;
  }
  for (const auto& g : out)
    if (overlap(g, *range)) {
      ctx.error(entry.place, quote(*entry.text()) + " overlaps " + format_range(g.program, g.low, g.high) +
                                 " before it: list each version once");
      return;
    }
  out.push_back({range->program, range->low, range->high, index, {}});
}

// Whether connections to `to` come by listener `l` of this host itself: CIDs 1 and 2 lead back to it.
bool is_own(const net::BackendAddress& to, const net::ListenAddress& l) {
  const auto* const vsock = std::get_if<net::VsockAddress>(&to);
  const auto* const own = std::get_if<net::VsockAddress>(&l);
  return vsock != nullptr && own != nullptr && vsock->port == own->port && *vsock->cid <= 2 &&
         (!own->cid || *own->cid <= 2);
}

// The address, or nothing that anybody serves after an error.
net::BackendAddress read_address(Context& ctx, const View& v, const Config& config) {
  const Found found = v.find("address");
  if (!found) return net::UnixAddress{};
  auto address = net::parse_backend_address(*found.node->text());
  if (!address) {
    ctx.error(found.node->place, "address " + address.error());
    return net::UnixAddress{};
  }
  const std::string text = net::format(*address);
  for (const Listener& l : config.listeners)
    if (net::format(l.address) == text || is_own(*address, l.address))
      ctx.error(found.node->place, "address " + quote(text) + " is the gateway's own listener " + quote(l.name) +
                                       ": calls would go round in circles");
  const auto* tcp = std::get_if<net::TcpAddress>(&*address);
  if (tcp != nullptr && std::holds_alternative<in6_addr>(tcp->host))
    ctx.error(found.node->place, "address " + quote(text) +
                                     " is IPv6, but the source address that tells the server one "
                                     "guest from another is IPv4: write tcp:IPV4-ADDRESS:PORT");
  return *std::move(address);
}

}  // namespace

void read_backends(Context& ctx, const Node& root, Books& books, Config& out) {
  for (const Node* table : tables_of(root, "backend")) {
    check_table(ctx, *table, {Section::backend});
    const View v(Section::backend, table);
    const auto index = static_cast<std::uint16_t>(out.backends.size());
    Backend b;
    b.name = books.backends.claim(ctx, *table, Section::backend, index);
    b.address = read_address(ctx, v, out);
    b.connect_timeout = v.time("connect_timeout").value_or(b.connect_timeout);
    b.proxy_protocol = v.boolean("proxy_protocol").value_or(false);
    b.vsock_buffer = vsock_buffer(v);
    if (const Node* n = table->find("vsock_buffer");
        n != nullptr && !std::holds_alternative<net::VsockAddress>(b.address))
      ctx.warn(n->place, "vsock_buffer has no effect: " + net::format(b.address) + " is no vsock address");
    if (const Node::Array* programs = v.texts("programs")) {
      for (const Node& p : *programs) read_program(ctx, p, index, b.programs);
      if (programs->empty())
        ctx.error(v.find("programs").node->place,
                  "programs is empty: list what this backend serves, for example [\"nfs:3-4\"]");
    }
    if (out.backends.size() == kMostNumbered)
      return ctx.error(table->place, "there are more than " + std::to_string(kMostNumbered) + " backends");
    out.backends.push_back(std::move(b));
  }
}

}  // namespace gatehouse::config
