#include "proxy/policy/decide.h"

#include <algorithm>
#include <array>

namespace gatehouse::policy {
namespace {

using rpc::AuthFlavor;
using rpc::AuthStat;
using rpc::Rejection;

constexpr std::array<std::string_view, kRuleCount> kRuleWords = {
    "granted",      "squash",         "id-map",      "insecure-squash", "null-procedure", "tls-probe", "bad-credential",
    "bad-verifier", "unknown-flavor", "sec",         "kerberos-absent", "secure",         "groups",    "program",
    "version",      "procedure",      "rpc-version", "rpcbind-builtin"};

Decision refuse(Decision d, Rule rule, Rejection why) {
  d.verdict = Verdict::refuse;
  d.rule = rule;
  d.rejection = why;
  return d;
}
Decision refuse(Decision d, Rule rule, AuthStat why) {
  return refuse(std::move(d), rule, Rejection::auth(why));
}

// RFC 9289 section 4.1: the probe is a NULL call with an empty credential and an empty AUTH_NONE verifier. It is never
// forwarded: a backend's STARTTLS would turn the link to TLS underneath us.
Decision answer_tls_probe(const rpc::CallHeader& call) {
  if (!call.cred.body.empty()) return refuse({}, Rule::bad_credential, AuthStat::badcred);
  if (!call.verf.is_empty_none()) return refuse({}, Rule::bad_verifier, AuthStat::badverf);
  if (call.procedure != 0) return refuse({}, Rule::bad_credential, AuthStat::badcred);
  Decision d;
  d.verdict = Verdict::answer_empty;
  d.rule = Rule::tls_probe;
  return d;
}

// The grant for the call, or the refusal in `d`.
const ProgramGrant* find_grant(const Guest& guest, const rpc::CallHeader& call, Decision& d) {
  std::uint32_t low = 0xffffffffU, high = 0;
  for (const ProgramGrant& g : guest.programs) {
    if (g.program != call.program) continue;
    if (call.version >= g.low && call.version <= g.high) {
      if (call.program == rpc::program::kRpcbind && rpcbind_refused(call.procedure)) {
        d = refuse(d, Rule::rpcbind_builtin, Rejection::of(Rejection::Kind::proc_unavail));
        return nullptr;
      }
      if (call.procedure == 0 || g.procedures.empty() || std::ranges::binary_search(g.procedures, call.procedure))
        return &g;
      d = refuse(d, Rule::procedure, Rejection::of(Rejection::Kind::proc_unavail));
      return nullptr;
    }
    low = std::min(low, g.low);
    high = std::max(high, g.high);
  }
  d = low > high ? refuse(d, Rule::program, Rejection::of(Rejection::Kind::prog_unavail))
                 : refuse(d, Rule::version, Rejection::prog_mismatch(low, high));
  return nullptr;
}

Decision forward(Decision d, const ProgramGrant& grant, Rule rule, AuthFlavor flavor) {
  d.verdict = Verdict::forward;
  d.rule = rule;
  d.backend = grant.backend;
  d.flavor = flavor;
  return d;
}

Decision decide_none(const Guest& guest, const rpc::CallHeader& call) {
  Decision d;
  if (!call.cred.body.empty()) return refuse(d, Rule::bad_credential, AuthStat::badcred);
  if (!call.verf.is_empty_none()) return refuse(d, Rule::bad_verifier, AuthStat::badverf);
  const bool null_procedure = call.procedure == 0;
  if (!null_procedure && !guest.sec_for(call.program).has(Sec::none)) return refuse(d, Rule::sec, AuthStat::tooweak);
  const ProgramGrant* grant = find_grant(guest, call, d);
  if (grant == nullptr) return d;
  return forward(d, *grant, null_procedure ? Rule::null_procedure : Rule::granted, AuthFlavor::none);
}

Rule rule_of(authunix::Outcome o) {
  switch (o) {
    case authunix::Outcome::taken: return Rule::granted;
    case authunix::Outcome::squashed_root:
    case authunix::Outcome::squashed_all: return Rule::squash;
    case authunix::Outcome::squashed_port: return Rule::insecure_squash;
    case authunix::Outcome::unmapped: return Rule::id_map;
    case authunix::Outcome::insecure_port: return Rule::secure;
    case authunix::Outcome::too_many_groups: return Rule::groups;
  }
  return Rule::bad_credential;
}

Decision decide_sys(const Guest& guest, const rpc::CallHeader& call, std::optional<std::uint32_t> port) {
  Decision d;
  rpc::AuthSys claim;
  if (!rpc::parse_auth_sys(call.cred.body, claim)) return refuse(d, Rule::bad_credential, AuthStat::badcred);
  d.claimed_uid = claim.uid;
  if (!call.verf.is_empty_none()) return refuse(d, Rule::bad_verifier, AuthStat::badverf);
  if (!guest.sec_for(call.program).has(Sec::sys)) return refuse(d, Rule::sec, AuthStat::tooweak);
  const authunix::Outcome outcome = authunix::verify_sys(claim, port, guest.ids, d.credential);
  if (authunix::refused(outcome)) return refuse(d, rule_of(outcome), AuthStat::tooweak);
  const ProgramGrant* grant = find_grant(guest, call, d);
  if (grant == nullptr) return d;
  return forward(d, *grant, rule_of(outcome), AuthFlavor::sys);
}

}  // namespace

std::string_view rule_word(Rule r) {
  return kRuleWords[static_cast<std::size_t>(r)];
}

bool rpcbind_refused(std::uint32_t procedure) {
  // RFC 1833: SET 1, UNSET 2, CALLIT (v2, v3) and BCAST (v4) 5, INDIRECT (v4) 10. By number in every version: a
  // version that does not know the number loses nothing.
  return procedure == 1 || procedure == 2 || procedure == 5 || procedure == 10;
}

Decision decide(const Guest& guest, const rpc::CallHeader& call, std::optional<std::uint32_t> port) {
  if (call.cred.is(AuthFlavor::sys)) return decide_sys(guest, call, port);
  if (call.cred.is(AuthFlavor::none)) return decide_none(guest, call);
  if (call.cred.is(AuthFlavor::tls)) return answer_tls_probe(call);
  if (!call.cred.is(AuthFlavor::rpcsec_gss)) return refuse({}, Rule::unknown_flavor, AuthStat::rejectedcred);
  if (!guest.sec_for(call.program).has_kerberos()) return refuse({}, Rule::sec, AuthStat::tooweak);
  return refuse({}, Rule::kerberos_absent, AuthStat::tooweak);
}

}  // namespace gatehouse::policy
