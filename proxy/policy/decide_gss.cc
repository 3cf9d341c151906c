// Calls with a verified RPCSEC_GSS header.
#include <algorithm>
#include <optional>

#include "proxy/policy/grants.h"

namespace gatehouse::policy {
namespace {

constexpr std::uint32_t kNfs4 = 4;
constexpr std::uint32_t kCompound = 1;

Sec sec_of(rpc::GssService service) {
  switch (service) {
    case rpc::GssService::none: return Sec::krb5;
    case rpc::GssService::integrity: return Sec::krb5i;
    case rpc::GssService::privacy: return Sec::krb5p;
  }
  return Sec::krb5;  // the weakest
}

// How the flavors listed for the program let the call pass; `rule` is set where they alone do not.
struct Admission {
  Verdict verdict = Verdict::refuse;
  std::optional<Rule> rule;
};

// `sec` is a list of exact flavors, as in exports(5), with two exceptions: NULL, which clients use to probe a context,
// and the state operations of NFSv4.
Admission admit(SecSet listed, const rpc::CallHeader& call, rpc::GssService service) {
  if (listed.has(sec_of(service))) return {Verdict::forward, std::nullopt};
  if (!listed.has_kerberos()) return {};
  if (call.procedure == 0) return {Verdict::forward, Rule::null_procedure};
  const bool compound = call.program == rpc::program::kNfs && call.version == kNfs4 && call.procedure == kCompound;
  if (compound && service == rpc::GssService::integrity) return {Verdict::forward_state, Rule::state_operation};
  return {};
}

}  // namespace

Decision decide_gss(const Guest& guest, const rpc::CallHeader& call, rpc::GssService service, const gss::Ids& ids) {
  Decision d;
  const Admission admission = admit(guest.sec_for(call.program), call, service);
  if (admission.verdict == Verdict::refuse) return refuse(d, Rule::sec, rpc::AuthStat::tooweak);
  const authunix::Outcome outcome = authunix::squash_ids(ids.uid, ids.gid, ids.groups, guest.ids, d.credential);
  if (authunix::refused(outcome)) return refuse(d, rule_of(outcome), rpc::AuthStat::tooweak);
  const ProgramGrant* grant = find_grant(guest, call, d);
  if (grant == nullptr) return d;
  d = forward(d, *grant, admission.rule.value_or(rule_of(outcome)), rpc::AuthFlavor::sys);
  d.verdict = admission.verdict;
  return d;
}

bool principal_allowed(const Guest& guest, std::string_view principal) {
  return guest.principals.empty() || std::ranges::any_of(guest.principals, [&](const std::string& pattern) {
           return gss::principal_matches(pattern, principal);
         });
}

}  // namespace gatehouse::policy
