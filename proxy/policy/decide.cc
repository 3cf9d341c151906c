#include "proxy/policy/decide.h"

#include <array>

#include "proxy/policy/grants.h"

namespace gatehouse::policy {
namespace {

using rpc::AuthFlavor;
using rpc::AuthStat;

constexpr std::array<std::string_view, kRuleCount> kRuleWords = {
    "granted",         "squash",          "id-map",    "insecure-squash",
    "null-procedure",  "state-operation", "tls-probe", "bad-credential",
    "bad-verifier",    "unknown-flavor",  "sec",       "principal",
    "no-account",      "lookup-failed",   "secure",    "groups",
    "program",         "version",         "procedure", "rpc-version",
    "rpcbind-builtin", "rpcbind"};

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

constexpr std::uint32_t kLowRpcbind = 2;
constexpr std::uint32_t kHighRpcbind = 4;
// The last procedure of each version: DUMP, TADDR2UADDR, GETADDRLIST. Version 4's GETSTAT, what others asked, is not
// told.
constexpr std::uint32_t kLastRpcbind[] = {4, 8, 11};

// The decision about a caller of rpcbind is only whether it can be heard; `d` says no more of an AUTH_SYS claim.
bool heard(const rpc::CallHeader& call, Decision& d) {
  if (call.cred.is(AuthFlavor::rpcsec_gss)) {
    d = refuse(d, Rule::rpcbind, AuthStat::tooweak);
  } else if (call.cred.is(AuthFlavor::sys)) {
    rpc::AuthSys claim;
    if (!rpc::parse_auth_sys(call.cred.body, claim))
      d = refuse(d, Rule::bad_credential, AuthStat::badcred);
    else
      d.claimed_uid = claim.uid;
  } else if (!call.cred.is(AuthFlavor::none)) {
    d = refuse(d, Rule::unknown_flavor, AuthStat::rejectedcred);
  } else if (!call.cred.body.empty()) {
    d = refuse(d, Rule::bad_credential, AuthStat::badcred);
  }
  if (d.verdict != Verdict::refuse && !call.verf.is_empty_none()) d = refuse(d, Rule::bad_verifier, AuthStat::badverf);
  return d.verdict != Verdict::refuse;
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

Decision decide(const Guest& guest, const rpc::CallHeader& call, std::optional<std::uint32_t> port) {
  if (call.cred.is(AuthFlavor::sys)) return decide_sys(guest, call, port);
  if (call.cred.is(AuthFlavor::none)) return decide_none(guest, call);
  if (call.cred.is(AuthFlavor::tls)) return answer_tls_probe(call);
  if (!call.cred.is(AuthFlavor::rpcsec_gss)) return refuse({}, Rule::unknown_flavor, AuthStat::rejectedcred);
  if (!guest.sec_for(call.program).has_kerberos()) return refuse({}, Rule::sec, AuthStat::tooweak);
  // Nobody asks this: who speaks RPCSEC_GSS where it is listed is asked for its context first, and decide_gss() then.
  // Default deny for whoever does ask.
  return refuse({}, Rule::bad_credential, AuthStat::badcred);
}

Decision decide_rpcbind(const rpc::CallHeader& call) {
  using rpc::Rejection;
  if (call.cred.is(AuthFlavor::tls)) return answer_tls_probe(call);
  Decision d;
  d.verdict = Verdict::answer_rpcbind;
  d.rule = Rule::rpcbind;
  if (!heard(call, d)) return d;
  if (call.program != rpc::program::kRpcbind)
    return refuse(d, Rule::rpcbind, Rejection::of(Rejection::Kind::prog_unavail));
  if (call.version < kLowRpcbind || call.version > kHighRpcbind)
    return refuse(d, Rule::version, Rejection::prog_mismatch(kLowRpcbind, kHighRpcbind));
  if (rpcbind_refused(call.procedure))
    return refuse(d, Rule::rpcbind_builtin, Rejection::of(Rejection::Kind::proc_unavail));
  if (call.procedure > kLastRpcbind[call.version - kLowRpcbind])
    return refuse(d, Rule::rpcbind, Rejection::of(Rejection::Kind::proc_unavail));
  return d;
}

}  // namespace gatehouse::policy
