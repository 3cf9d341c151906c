#include "proxy/config/sections.h"

#include <algorithm>

#include "proxy/config/groups.h"
#include "proxy/config/units.h"

namespace gatehouse::config {
namespace {

constexpr std::chrono::minutes kShortestAdvisedIdle{6};
constexpr std::size_t kMostSocketPath = 107;  // sockaddr_un

struct TopLevel {
  std::string_view key;
  bool list;
};
constexpr TopLevel kTopLevel[] = {{"gateway", false},  {"admin", false}, {"audit", false},   {"kerberos", false},
                                  {"principal", true}, {"trust", false}, {"listener", true}, {"backend", true},
                                  {"defaults", false}, {"guest", true}};

void check_shape(Context& ctx, const Member& m, bool list) {
  const bool is_list = m.value.array() != nullptr;
  const Place& at = m.value.place.line != 0 ? m.value.place : m.place;
  if (list && m.value.table() != nullptr)
    ctx.error(at, m.key + " is a list of tables: write [[" + m.key + "]] above each");
  else if (!list && is_list)
    ctx.error(at, m.key + " is one table: write [" + m.key + "], once in each file");
  else if (is_list ? !std::ranges::all_of(*m.value.array(), [](const Node& n) { return n.table() != nullptr; })
                   : m.value.table() == nullptr)
    ctx.error(at, m.key + " is " + std::string(m.value.type_name()) + ": write a table under " +
                      (list ? "[[" + m.key + "]]" : "[" + m.key + "]"));
}

void check_root(Context& ctx, const Node& root) {
  for (const Member& m : *root.table()) {
    const auto* known = std::ranges::find(kTopLevel, m.key, &TopLevel::key);
    if (known != std::end(kTopLevel)) {
      check_shape(ctx, m, known->list);
      continue;
    }
    Nearest nearest(m.key);
    for (const TopLevel& t : kTopLevel) nearest.offer(t.key);
    const std::string hint = nearest.hint();
    ctx.error(m.place,
              "there is no section " + quote(m.key) +
                  (hint.empty() ? "; sections are gateway, admin, audit, kerberos, principal, trust, listener, "
                                  "backend, defaults and guest"
                                : hint));
  }
}

bool valid_name(std::string_view s) {
  return !s.empty() && s.size() <= 255 && std::ranges::all_of(s, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("._-@+:").contains(c);
  });
}

// The number of the group that a key names; nothing: it names none, or none that there is, which is reported.
std::optional<std::uint32_t> group_of(Context& ctx, const View& view, std::string_view key) {
  const Found found = view.find(key);
  if (!found || found.node->text()->empty()) return std::nullopt;
  const std::string& name = *found.node->text();
  const auto id = group_id(name);
  if (!id) ctx.error(found.node->place, std::string(key) + " is " + quote(name) + ": " + id.error());
  return id ? std::optional(*id) : std::nullopt;
}

}  // namespace

const Node* table_of(Context& ctx, const Node& root, std::string_view key, Section section) {
  const Node* n = root.find(key);
  if (n == nullptr || n->table() == nullptr) return nullptr;
  check_table(ctx, *n, {section});
  return n;
}

std::string NameBook::claim(Context& ctx, const Node& table, Section section, std::uint16_t index) {
  const Found found = View(section, &table).find("name");
  if (!found) return {};
  const std::string& name = *found.node->text();
  if (!valid_name(name)) {
    ctx.error(found.node->place, "name " + quote(name) + ": write 1 to 255 letters, digits or . _ - @ + :");
    return {};
  }
  const auto [at, fresh] = names_.try_emplace(name, index, found.node->place);
  if (!fresh)
    ctx.error(found.node->place, "there is a " + kind_ + ' ' + quote(name) + " already, at " + at->second.second.str() +
                                     ": give each its own name");
  return name;
}

std::optional<std::uint16_t> NameBook::resolve(Context& ctx, const Node& reference) const {
  const std::string& name = *reference.text();
  const auto at = names_.find(name);
  if (at != names_.end()) return at->second.first;
  Nearest nearest(name);
  for (const auto& [known, where] : names_) nearest.offer(known);
  const std::string hint = nearest.hint();
  ctx.error(reference.place, "there is no " + kind_ + ' ' + quote(name) +
                                 (hint.empty() ? ": write the name of a [[" + kind_ + "]]" : hint));
  return std::nullopt;
}

std::uint64_t vsock_buffer(const View& v) {
  return static_cast<std::uint64_t>(v.size("vsock_buffer").value_or(kVsockBuffer));
}

void read_gateway(Context& ctx, const Node& root, Config& out) {
  const View v(Section::gateway, table_of(ctx, root, "gateway", Section::gateway));
  out.gateway.workers = v.u32("workers", 0);
  out.gateway.idle_timeout = v.time("idle_timeout").value_or(out.gateway.idle_timeout);
  out.gateway.record_timeout = v.time("record_timeout").value_or(out.gateway.record_timeout);
  out.gateway.drain_timeout = v.time("drain_timeout").value_or(out.gateway.drain_timeout);
  if (const Found f = v.find("secret")) {
    out.gateway.secret = *f.node->text();
    if (!out.gateway.secret.starts_with('/'))
      ctx.error(f.node->place, "secret is " + quote(out.gateway.secret) + ": write the absolute path of a file");
  }
  const Found idle = v.find("idle_timeout");
  if (idle && out.gateway.idle_timeout < kShortestAdvisedIdle)
    ctx.warn(idle.node->place,
             "idle_timeout is below 6min: NFS clients keep a quiet connection for 5 minutes and more, "
             "and will reconnect each time");
}

void read_admin(Context& ctx, const Node& root, Config& out) {
  const View v(Section::admin, table_of(ctx, root, "admin", Section::admin));
  out.admin.socket = v.text_or("socket", "");
  out.admin.http = v.text_or("http", "");
  out.admin.http_open = v.boolean("http_open").value_or(false);
  if (!out.admin.http.empty()) {
    auto address = net::parse_http_address(out.admin.http, out.admin.http_open);
    if (address)
      out.admin.http_address = *std::move(address);
    else
      ctx.error(v.find("http").node->place, "http " + address.error());
  }
  out.admin.group = v.text_or("group", "");
  out.admin.group_id = group_of(ctx, v, "group");
  out.admin.read_group = v.text_or("read_group", "");
  out.admin.read_group_id = group_of(ctx, v, "read_group");
  const Found socket = v.find("socket");
  const std::string& path = out.admin.socket;
  if (socket && !path.empty() && (path.front() != '/' || path.size() > kMostSocketPath || path.contains('\0')))
    ctx.error(socket.node->place, "socket is " + quote(path) + ": write an absolute path of at most " +
                                      std::to_string(kMostSocketPath) + " bytes, or \"\" for none");
}

void read_audit(Context& ctx, const Node& root, Config& out) {
  const View v(Section::audit, table_of(ctx, root, "audit", Section::audit));
  const Found log = v.find("log");
  if (!log) return;
  out.audit.log = *log.node->text();
  const bool word = out.audit.log == Audit::kJournal || out.audit.log == Audit::kNone;
  if (!word && !out.audit.log.starts_with('/'))
    ctx.error(log.node->place,
              "log is " + quote(out.audit.log) + ": write \"journal\", \"none\" or the absolute path of a file");
}

void read_trust(Context& ctx, const Node& root, Config& out) {
  const View v(Section::trust, table_of(ctx, root, "trust", Section::trust));
  if (const Node::Array* names = v.texts("allowed"))
    for (const Node& n : *names) out.trust_allowed.push_back(*n.text());
}

void read_config(Context& ctx, const Node& root, Config& out) {
  Books books;
  check_root(ctx, root);
  read_gateway(ctx, root, out);
  read_admin(ctx, root, out);
  read_audit(ctx, root, out);
  read_kerberos(ctx, root, out);
  read_principals(ctx, root, out);
  read_trust(ctx, root, out);
  read_listeners(ctx, root, books, out);
  read_backends(ctx, root, books, out);
  read_guests(ctx, root, books, out);
}

}  // namespace gatehouse::config
