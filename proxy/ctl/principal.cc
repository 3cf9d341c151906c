#include "proxy/ctl/principal.h"

#include <algorithm>

#include "gss/acceptors/mapper.h"

namespace gatehouse::ctl {
namespace {

using authunix::GroupStrategy;
using authunix::Squash;
using policy::Rule;

// RFC 2743 section 1.2.1.1: what a creation of a context is answered with.
constexpr const char* kUnauthorized = "GSS_S_UNAUTHORIZED";
constexpr const char* kFailure = "GSS_S_FAILURE";

std::string listed(const std::vector<std::string>& patterns) {
  std::string out;
  for (const std::string& p : patterns) out.append(out.empty() ? "\"" : ", \"").append(p).append("\"");
  return '[' + out + ']';
}

bool has_zero(const gss::Ids& ids) {
  return ids.uid == 0 || ids.gid == 0 || std::ranges::find(ids.groups, 0U) != ids.groups.end();
}

std::string squash_text(const policy::Guest& g, const gss::Ids& ids) {
  switch (g.ids.squash) {
    case Squash::all: return "squash = \"all\" makes everybody anonymous";
    case Squash::root:
      return has_zero(ids) ? "squash = \"root\" makes id 0 anonymous" : "squash = \"root\" leaves them";
    case Squash::none: return "squash = \"none\" leaves them";
  }
  return {};
}

std::string groups_text(const policy::Guest& g, const gss::Ids& ids) {
  const std::size_t n = ids.groups.size();
  const std::string many = std::to_string(n) + (n == 1 ? " group" : " groups");
  switch (g.ids.groups) {
    case GroupStrategy::first16:
      return "groups = \"first16\" sends " + (n > rpc::kMaxGids ? "the first 16 of " + many : many);
    case GroupStrategy::primary: return "groups = \"primary\" sends none of " + many;
    case GroupStrategy::reject:
      return "groups = \"reject\" " + (n > rpc::kMaxGids ? "refuses a list of " + many : "sends " + many);
  }
  return {};
}

// No context is made, so there is no call to decide about.
void refuse_context(Rule rule, const std::string& reason, const char* major, Answer& out) {
  out.allowed = false;
  out.rule = policy::rule_word(rule);
  out.reason = "guest " + out.guest + ": " + reason;
  out.reply = major;
}

// Whether the principal gets a context: the guest's own list first, then who it is.
bool identified(const policy::Guest& g, const gss::Mapping& mapping, Answer& out) {
  using enum gss::Mapping::Outcome;
  if (!policy::principal_allowed(g, out.principal)) {
    refuse_context(Rule::principal, out.principal + " is not in principals = " + listed(g.principals), kUnauthorized,
                   out);
    return false;
  }
  switch (mapping.outcome) {
    case ids: return true;
    case denied:
      refuse_context(Rule::principal, "a [[principal]] rule denies " + out.principal, kUnauthorized, out);
      return false;
    case no_account:
      refuse_context(Rule::no_account,
                     out.principal + " is nobody here: no [[principal]] rule gives it ids, and it has no local account",
                     kUnauthorized, out);
      return false;
    case lookup_failed:
      refuse_context(Rule::lookup_failed, "the system could not say who " + out.principal + " is: it may work later",
                     kFailure, out);
      return false;
  }
  return false;
}

void warn(const config::Config& c, const Question& q, Answer& out) {
  if (q.port) out.warnings.emplace_back("source ports play no part in Kerberos: --port is ignored");
  const bool by_rule = std::ranges::any_of(
      c.principals, [&](const gss::PrincipalRule& r) { return gss::principal_matches(r.match, out.principal); });
  if (c.kerberos.acceptor == config::Kerberos::Acceptor::gssproxy && !by_rule)
    out.warnings.emplace_back(
        "acceptor = \"gssproxy\": gssproxy maps principals in its own process; shown is what this host's accounts say");
}

}  // namespace

void explain_principal(const config::Config& c, const policy::Guest& g, const Question& q, const Call& call,
                       Answer& out) {
  out.principal = q.claim.principal;
  out.principals = g.principals;
  gss::Mapper mapper(c.principals, c.kerberos.id_cache);
  const gss::Mapping mapping = mapper.map(out.principal);
  out.mapping = mapping.how;
  warn(c, q, out);
  if (mapping.outcome == gss::Mapping::Outcome::ids) {
    out.account = mapping.ids;
    out.ids = squash_text(g, mapping.ids) + "; " + groups_text(g, mapping.ids);
  }
  // A context is asked for with NULL of the program: where not even that would be taken, nobody asks who it is.
  rpc::CallHeader null = call.header;
  null.procedure = 0;
  policy::Decision d = policy::decide_gss(g, null, call.service, {});
  if (d.verdict == policy::Verdict::refuse) return show_decision(c, g, call.header, std::nullopt, d, out);
  if (!identified(g, mapping, out)) return;
  d = policy::decide_gss(g, call.header, call.service, mapping.ids);
  const bool by_arguments = d.verdict == policy::Verdict::forward_state;
  if (by_arguments) {
    d.verdict = policy::Verdict::refuse;
    d.rule = Rule::sec;
    d.rejection = rpc::Rejection::auth(rpc::AuthStat::tooweak);
  }
  show_decision(c, g, call.header, std::nullopt, d, out);
  if (by_arguments)
    out.reason +=
        "; a COMPOUND of state operations alone is taken: Linux sends these with krb5i, as its machine's principal";
}

}  // namespace gatehouse::ctl
