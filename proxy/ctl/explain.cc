#include "proxy/ctl/explain.h"

#include <algorithm>

#include "proxy/config/source_address.h"
#include "proxy/config/units.h"
#include "proxy/ctl/nfs_rules.h"
#include "proxy/ctl/principal.h"
#include "proxy/policy/decide.h"
#include "proxy/runtime/guest_index.h"
#include "rpc/names.h"

namespace gatehouse::ctl {
namespace {

constexpr std::uint32_t kUnprivilegedPort = 65535;

std::string in_quotes(std::string_view s) {
  return '"' + std::string(s) + '"';
}

std::unexpected<std::string> no_such(const std::string& kind, const std::string& name, config::Nearest nearest,
                                     const auto& known) {
  for (const auto& k : known) nearest.offer(k.name);
  return std::unexpected("there is no " + kind + ' ' + in_quotes(name) + " in the configuration" + nearest.hint());
}

std::expected<const policy::Guest*, std::string> guest_by_name(const config::Config& c, const std::string& name) {
  const auto at = std::ranges::find(c.guests, name, &policy::Guest::name);
  if (at != c.guests.end()) return &*at;
  return no_such("guest", name, config::Nearest(name), c.guests);
}

bool takes_vsock(const net::ListenAddress& a) {
  return std::holds_alternative<net::VsockAddress>(a) || std::holds_alternative<net::SystemdAddress>(a);
}

// The guest that a vsock peer of this CID is; null: nobody. An error when that depends on the listener.
std::expected<const policy::Guest*, std::string> guest_by_cid(const config::Config& c, const Question& q, Answer& out) {
  const runtime::GuestIndex index(c.guests);
  net::Peer peer;
  peer.transport = net::Transport::vsock;
  peer.cid = q.cid;
  bool asked = false, listener_found = q.listener.empty();
  std::optional<std::uint32_t> found;
  for (std::uint16_t i = 0; i < c.listeners.size(); ++i) {
    if (!q.listener.empty() && c.listeners[i].name != q.listener) continue;
    listener_found = true;
    if (!takes_vsock(c.listeners[i].address)) continue;
    peer.listener = i;
    const auto here = index.find(peer);
    if (asked && here != found)
      return std::unexpected("CID " + std::to_string(*q.cid) + " is another guest on listener " +
                             in_quotes(c.listeners[i].name) + " than on those before it: say which with --listener");
    found = here;
    asked = true;
  }
  if (!listener_found) return no_such("listener", q.listener, config::Nearest(q.listener), c.listeners);
  if (!asked && !q.listener.empty())
    return std::unexpected("listener " + in_quotes(q.listener) + " has no vsock peers: --cid cannot come in there");
  if (!asked) {
    peer.listener = 0xffff;  // nobody's
    found = index.find(peer);
    out.warnings.emplace_back("the configuration has no vsock listener: nobody can come in by a CID");
  }
  return found ? &c.guests[*found] : nullptr;
}

Answer nobody(Answer out, const Question& q) {
  out.rule = "no-guest";
  out.reason = "CID " + std::to_string(*q.cid) +
               " is no guest of the configuration: its connection is closed before a byte is read";
  return out;
}

// The source port to decide by: none where the transport has none.
std::optional<std::uint32_t> port_of(const config::Config& c, const policy::Guest& g, const Question& q, Answer& out) {
  const auto known = q.cid ? std::optional(true) : config::source_port_known(c, g);
  if (known == std::optional(false)) {
    if (q.port) out.warnings.emplace_back("the guest's listener has no source ports: --port is ignored");
    return std::nullopt;
  }
  if (q.port) return q.port;
  out.warnings.emplace_back("no --port: decided for an unprivileged one, " + std::to_string(kUnprivilegedPort));
  return kUnprivilegedPort;
}

void show_forward(const config::Config& c, const policy::Guest& g, const policy::Decision& d, Answer& out) {
  const config::Backend& backend = c.backends[d.backend];
  out.backend = backend.name;
  out.backend_address = net::format(backend.address);
  if (std::holds_alternative<net::TcpAddress>(backend.address))
    out.source_address = config::format_ipv4(g.source_address);
  Credential credential;
  credential.flavor = d.flavor == rpc::AuthFlavor::sys ? "sys" : "none";
  if (d.flavor == rpc::AuthFlavor::sys) {
    credential.machine = g.name;
    credential.uid = d.credential.uid;
    credential.gid = d.credential.gid;
    credential.gids.assign(d.credential.groups().begin(), d.credential.groups().end());
  }
  out.credential = std::move(credential);
}

std::vector<std::string> sec_words(policy::SecSet set) {
  std::vector<std::string> out;
  for (const policy::Sec s : set) out.emplace_back(policy::sec_name(s));
  return out;
}

// Whether the question is about a listener that answers rpcbind and nothing else.
bool asks_rpcbind(const config::Config& c, const Question& q) {
  const auto at = std::ranges::find(c.listeners, q.listener, &config::Listener::name);
  return at != c.listeners.end() && at->rpcbind;
}

void explain_call(const config::Config& c, const policy::Guest& g, const Question& q, const Call& call, Answer& out) {
  const auto port = port_of(c, g, q, out);
  const policy::Decision d = policy::decide(g, call.header, port);
  show_decision(c, g, call.header, port, d, out);
}

}  // namespace

void show_decision(const config::Config& c, const policy::Guest& g, const rpc::CallHeader& header,
                   std::optional<std::uint32_t> port, const policy::Decision& d, Answer& out) {
  out.allowed = d.verdict != policy::Verdict::refuse;
  out.rule = policy::rule_word(d.rule);
  out.reason = policy::describe(g, header, port, d);
  if (d.verdict == policy::Verdict::forward) {
    show_forward(c, g, d, out);
    out.nfs = nfs_rules(g.nfs, header.program, header.version);
  }
  if (d.verdict == policy::Verdict::refuse) out.reply = rpc::rejection_name(d.rejection);
  if (d.verdict == policy::Verdict::answer_empty || d.verdict == policy::Verdict::answer_rpcbind) out.reply = "SUCCESS";
}

std::expected<Answer, std::string> explain(const config::Config& c, const Question& q) {
  Answer out;
  const auto guest = q.cid ? guest_by_cid(c, q, out) : guest_by_name(c, q.guest);
  if (!guest) return std::unexpected(guest.error());
  const auto call = make_call(q.claim);
  if (!call) return std::unexpected(call.error());
  const rpc::CallHeader& header = call->header;
  out.call = rpc::program_name(header.program) + " version " + std::to_string(header.version) + " procedure " +
             rpc::procedure_name(header.program, header.version, header.procedure);
  if (*guest == nullptr) return nobody(std::move(out), q);
  const policy::Guest& g = **guest;
  out.guest = g.name;
  out.uuid = g.uuid;
  out.sec = sec_words(g.sec_for(header.program));
  if (asks_rpcbind(c, q))
    show_decision(c, g, header, q.port, policy::decide_rpcbind(header), out);
  else if (q.claim.principal.empty())
    explain_call(c, g, q, *call, out);
  else
    explain_principal(c, g, q, *call, out);
  return out;
}

}  // namespace gatehouse::ctl
