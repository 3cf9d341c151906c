#include <algorithm>
#include <sstream>

#include "proxy/config/config.h"
#include "proxy/config/document.h"
#include "proxy/config/source_address.h"
#include "proxy/config/units.h"
#include "rpc/names.h"

namespace gatehouse::config {
namespace {

using std::string_view;

template <typename Range, typename Show>
std::string list(const Range& items, Show show) {
  std::string out;
  for (const auto& item : items) out.append(out.empty() ? "" : ", ").append(show(item));
  return '[' + out + ']';
}

std::string quoted_list(const std::vector<std::string>& items) {
  return list(items, quote);
}

class Printer {
 public:
  void table(string_view title) { out_ << (out_.tellp() > 0 ? "\n" : "") << title << '\n'; }
  void key(string_view name, const std::string& value) { out_ << name << " = " << value << '\n'; }
  void key(string_view name, std::uint64_t value) { key(name, std::to_string(value)); }
  void key(string_view name, bool value) { key(name, std::string(value ? "true" : "false")); }
  void comment(const std::string& text) { out_ << "# " << text << '\n'; }
  [[nodiscard]] std::string str() const { return out_.str(); }

 private:
  std::ostringstream out_;
};

std::string time_text(std::chrono::milliseconds t) {
  return quote(format_time(t.count()));
}
std::string size_text(std::uint64_t n) {
  return quote(format_size(static_cast<std::int64_t>(n)));
}

std::string sec_text(policy::SecSet set) {
  std::vector<std::string> words;
  for (const policy::Sec s : set) words.emplace_back(policy::sec_name(s));
  return quoted_list(words);
}

std::string map_text(const authunix::IdMap& map) {
  return list(map.ranges(), [](const authunix::IdRange& r) {
    return quote(std::to_string(r.first) + '-' + std::to_string(r.last) + ':' + std::to_string(r.host));
  });
}

std::string grant_text(const policy::ProgramGrant& g) {
  std::string out = rpc::program_name(g.program) + ':' + std::to_string(g.low);
  if (g.high != g.low) out += '-' + std::to_string(g.high);
  for (std::size_t i = 0; i < g.procedures.size(); ++i) out += (i == 0 ? '/' : ',') + std::to_string(g.procedures[i]);
  return quote(out);
}

void print_kerberos(Printer& p, const Kerberos& k) {
  p.table("[kerberos]");
  p.key("acceptor", quote(k.acceptor == Kerberos::Acceptor::keytab ? "keytab" : "gssproxy"));
  p.key("keytab", quote(k.keytab));
  p.key("gssproxy_socket", quote(k.gssproxy_socket));
  p.key("service", quote(k.service));
  p.key("replay_cache", quote(k.replay_cache));
  p.key("accept_timeout", time_text(k.accept_timeout));
  p.key("context_lifetime", time_text(k.context_lifetime));
  p.key("id_cache", time_text(k.id_cache));
  p.key("sequence_window", std::uint64_t{k.sequence_window});
}

struct MapText {
  std::string operator()(const std::string& account) const { return quote(account); }
  std::string operator()(gss::PrincipalRule::Deny) const { return quote("deny"); }
  std::string operator()(const gss::Ids& ids) const {
    return "{ uid = " + std::to_string(ids.uid) + ", gid = " + std::to_string(ids.gid) +
           ", groups = " + list(ids.groups, [](std::uint32_t g) { return std::to_string(g); }) + " }";
  }
};

void print_gateway(Printer& p, const Config& c) {
  p.table("[gateway]");
  p.key("workers", std::uint64_t{c.gateway.workers});
  p.key("idle_timeout", time_text(c.gateway.idle_timeout));
  p.key("record_timeout", time_text(c.gateway.record_timeout));
  p.key("drain_timeout", time_text(c.gateway.drain_timeout));
  if (c.gateway.secret.empty())
    p.comment("secret is in $STATE_DIRECTORY, or else in /var/lib/gatehouse");
  else
    p.key("secret", quote(c.gateway.secret));
  p.table("[admin]");
  p.key("socket", quote(c.admin.socket));
  p.key("group", quote(c.admin.group));
  p.key("read_group", quote(c.admin.read_group));
  p.key("http", quote(c.admin.http));
  p.key("http_open", c.admin.http_open);
  p.table("[audit]");
  p.key("log", quote(c.audit.log));
  print_kerberos(p, c.kerberos);
  for (const gss::PrincipalRule& r : c.principals) {
    p.table("[[principal]]");
    p.key("match", quote(r.match));
    p.key("map", std::visit(MapText{}, r.map));
  }
  p.table("[trust]");
  p.key("allowed", quoted_list(c.trust_allowed));
}

void print_listener(Printer& p, const Listener& l) {
  p.table("[[listener]]");
  p.key("name", quote(l.name));
  p.key("address", quote(net::format(l.address)));
  p.key("rpcbind", l.rpcbind);
  // Of a listener without socket file the keys would only bring a warning.
  const bool vsock = std::holds_alternative<net::VsockAddress>(l.address);
  if (vsock || std::holds_alternative<net::SystemdAddress>(l.address)) p.key("vsock_buffer", size_text(l.vsock_buffer));
  if (vsock || std::holds_alternative<net::TcpAddress>(l.address)) return;
  p.key("mode", quote(format_mode(l.mode)));
  p.key("group", quote(l.group));
}

void print_backend(Printer& p, const Backend& b) {
  p.table("[[backend]]");
  p.key("name", quote(b.name));
  p.key("address", quote(net::format(b.address)));
  p.key("programs", list(b.programs, grant_text));
  p.key("connect_timeout", time_text(b.connect_timeout));
  p.key("proxy_protocol", b.proxy_protocol);
  if (std::holds_alternative<net::VsockAddress>(b.address)) p.key("vsock_buffer", size_text(b.vsock_buffer));
}

string_view squash_word(authunix::Squash s) {
  return s == authunix::Squash::all ? "all" : s == authunix::Squash::root ? "root" : "none";
}
string_view groups_word(authunix::GroupStrategy g) {
  using authunix::GroupStrategy;
  return g == GroupStrategy::reject ? "reject" : g == GroupStrategy::primary ? "primary" : "first16";
}

void print_identity(Printer& p, const Config& c, const policy::Guest& g) {
  p.key("name", quote(g.name));
  p.key("uuid", quote(g.uuid));
  if (g.identity.cid) p.key("cid", std::uint64_t{*g.identity.cid});
  if (!g.identity.listeners.empty()) p.key("listener", format_listeners(c, g.identity));
  if (!g.identity.interface.empty()) p.key("interface", quote(g.identity.interface));
  if (g.identity.uid) p.key("uid", std::uint64_t{*g.identity.uid});
  const std::string address = quote(format_ipv4(g.source_address));
  if (g.source_address_stated)
    p.key("source_address", address);
  else
    p.comment("source_address = " + address + "  (from the name)");
}

void print_rules(Printer& p, const Config& c, const policy::Guest& g) {
  p.key("trusted", g.trusted);
  p.key("sec", sec_text(g.sec));
  std::string by_program;
  for (const auto& [program, set] : g.sec_by_program)
    by_program.append(by_program.empty() ? "" : ", ").append(rpc::program_name(program) + " = " + sec_text(set));
  p.key("sec_by_program", "{ " + by_program + " }");
  p.key("principals", quoted_list(g.principals));
  p.key("squash", quote(squash_word(g.ids.squash)));
  p.key("anonuid", std::uint64_t{g.ids.anonuid});
  p.key("anongid", std::uint64_t{g.ids.anongid});
  if (g.ids.secure && source_port_known(c, g) == std::optional(false))
    p.comment("secure = true  (its listener has no source ports)");
  else
    p.key("secure", g.ids.secure);
  p.key("insecure_action", quote(g.ids.insecure_action == authunix::InsecureAction::squash ? "squash" : "reject"));
  p.key("groups", quote(groups_word(g.ids.groups)));
  p.key("uid_map", map_text(g.ids.uid_map));
  p.key("gid_map", map_text(g.ids.gid_map));
}

void print_nfs(Printer& p, const policy::NfsRules& n) {
  const auto bound = [](bool is) { return quote(is ? "bound" : "plain"); };
  p.key("state_ids", bound(n.bind_state));
  p.key("client_owners", bound(n.bind_owners));
  p.key("callback_addresses", quote(n.callback_addresses ? "plain" : "none"));
  p.key("filehandles", bound(n.bind_handles));
  p.key("ro", n.ro);
  p.key("unknown_operations", quote(n.pass_unknown ? "pass" : "refuse"));
  p.key("mount_paths", quoted_list(n.mount_paths));
}

void print_limits(Printer& p, const policy::Limits& l) {
  std::string out;
  const auto add = [&](string_view name, const std::string& value) {
    out.append(out.empty() ? "{ " : ", ").append(name).append(" = ").append(value);
  };
  add("connections", std::to_string(l.connections));
  add("in_flight", std::to_string(l.in_flight));
  add("record_bytes", size_text(l.record_bytes));
  add("fragments", std::to_string(l.fragments));
  add("buffered_bytes", size_text(l.buffered_bytes));
  add("log_lines", std::to_string(l.log_lines));
  add("audit_lines", std::to_string(l.audit_lines));
  add("contexts", std::to_string(l.contexts));
  add("nascent_contexts", std::to_string(l.nascent_contexts));
  add("inits_per_second", std::to_string(l.inits_per_second));
  add("gss_request_bytes", size_text(l.gss_request_bytes));
  add("gss_reply_bytes", size_text(l.gss_reply_bytes));
  p.key("limits", out + " }");
}

void print_guest(Printer& p, const Config& c, const policy::Guest& g) {
  p.table("[[guest]]");
  print_identity(p, c, g);
  print_rules(p, c, g);
  std::vector<std::string> backends;
  for (const policy::ProgramGrant& grant : g.programs) {
    const std::string& name = c.backends[grant.backend].name;
    if (std::find(backends.begin(), backends.end(), name) == backends.end()) backends.push_back(name);
  }
  p.key("backends", quoted_list(backends));
  p.key("programs", list(g.programs, grant_text));
  print_nfs(p, g.nfs);
  print_limits(p, g.limits);
}

}  // namespace

std::string print(const Config& c) {
  Printer p;
  print_gateway(p, c);
  for (const Listener& l : c.listeners) print_listener(p, l);
  for (const Backend& b : c.backends) print_backend(p, b);
  for (const policy::Guest& g : c.guests) print_guest(p, c, g);
  return p.str();
}

}  // namespace gatehouse::config
