// Whether each backend answers NULL of each program and version that it is said to serve, from where a guest's links
// would come.
#include <algorithm>

#include "proxy/config/source_address.h"
#include "proxy/ctl/doctor/rpc_ask.h"
#include "rpc/names.h"

namespace gatehouse::doctor {
namespace {

// Of a range of versions so many are asked for: "300000:1-4294967295" is a range, too.
constexpr std::uint32_t kMostVersions = 8;

std::string mend_for(Fault::Kind kind, const config::Backend& b) {
  switch (kind) {
    case Fault::Kind::no_privilege: return "run gatehousectl doctor as root: a link comes from a port below 1024";
    case Fault::Kind::refused:
      return "start the server; if it runs, it listens elsewhere: ss -tlnp shows where, address of [[backend]] says it";
    case Fault::Kind::absent:
      return "start the server (or the virtual machine); if it runs, its socket is elsewhere: address of [[backend]]";
    case Fault::Kind::no_route: return "ip route get the address; is the address of [[backend]] right?";
    case Fault::Kind::no_connection:
      return "a firewall drops what is sent, or the server is overloaded: see nft list ruleset, its log";
    case Fault::Kind::closed:
      return b.proxy_protocol
                 ? "does the server know the PROXY protocol? Else proxy_protocol = false"
                 : "see the server's log: it refuses the address, or wants a PROXY header (proxy_protocol)";
    case Fault::Kind::silent: return "see the server's log: it hangs, or is not an RPC server";
    case Fault::Kind::garbage: return "another service listens there: address of [[backend]]";
  }
  return {};
}

std::string where(const config::Backend& b, const policy::Guest* g) {
  std::string out = b.name + " (" + net::format(b.address) + ')';
  if (g != nullptr && std::holds_alternative<net::TcpAddress>(b.address))
    out += " from " + config::format_ipv4(g->source_address);
  return out;
}

void report_fault(const Fault& fault, const config::Backend& b, const std::string& place, Findings& out) {
  const std::string seen = place + ": " + fault.text;
  if (fault.kind == Fault::Kind::no_privilege) return out.unknown(seen, mend_for(fault.kind, b));
  out.problem(seen, mend_for(fault.kind, b));
}

// What is said of a server that answers, and not with success.
void report_refusal(const Reply& reply, const std::string& what, const std::string& place, Findings& out) {
  const std::string seen = place + ": NULL of " + what + " is answered with " + refusal(reply);
  if (reply.head.denied)
    return out.problem(seen, "the server refuses calls from this address or port: see its log and its exports");
  switch (reply.head.accept_stat) {
    case rpc::AcceptStat::prog_unavail:
      return out.problem(
          seen, "another server listens there, or this one does not have the program: programs of [[backend]]");
    case rpc::AcceptStat::prog_mismatch:
      return out.problem(
          seen, "switch the version on in the server (nfs.conf, Protocols of ganesha), or take it out of programs");
    default: return out.problem(seen, "see the server's log");
  }
}

}  // namespace

void check_backend(const Exam& e, std::size_t part, Findings& out) {
  const config::Backend& b = e.conf->backends[part];
  const policy::Guest* guest = guest_of(*e.conf, part);
  const std::string place = where(b, guest);
  const Deadline deadline = question_deadline();
  if (std::holds_alternative<net::VsockAddress>(b.address) && !e.host.there("/sys/module/vsock"))
    return out.problem(place + ": this kernel has no vsock now", "see the check \"vsock\"");
  auto talk = Conversation::open(b, origin_for(guest), deadline);
  if (!talk) return report_fault(talk.error(), b, place, out);
  Names answered;
  std::chrono::microseconds slowest{};
  for (const policy::ProgramGrant& grant : b.programs) {
    for (std::uint32_t i = 0; i <= std::min(grant.high - grant.low, kMostVersions - 1); ++i) {
      const std::string what = rpc::program_name(grant.program) + ' ' + std::to_string(grant.low + i);
      const auto reply = talk->call({.program = grant.program, .version = grant.low + i}, deadline);
      if (!reply) return report_fault(reply.error(), b, place + ", NULL of " + what, out);
      if (!reply->success()) {
        report_refusal(*reply, what, place, out);
        continue;
      }
      answered.add(what);
      slowest = std::max(slowest, reply->took);
    }
  }
  if (!answered.empty())
    out.ok(place + " answers NULL of " + answered.str() + " within " + std::to_string(slowest.count() / 1000 + 1) +
           " ms");
  if (guest == nullptr)
    out.warning("no guest may use the backend " + b.name,
                "name it in backends of a [[guest]] or of [defaults], or take it out");
}

}  // namespace gatehouse::doctor
