#include "proxy/policy/grants.h"

#include <algorithm>

namespace gatehouse::policy {

using rpc::Rejection;

Decision refuse(Decision d, Rule rule, Rejection why) {
  d.verdict = Verdict::refuse;
  d.rule = rule;
  d.rejection = why;
  return d;
}
Decision refuse(Decision d, Rule rule, rpc::AuthStat why) {
  return refuse(std::move(d), rule, Rejection::auth(why));
}

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

Decision forward(Decision d, const ProgramGrant& grant, Rule rule, rpc::AuthFlavor flavor) {
  d.verdict = Verdict::forward;
  d.rule = rule;
  d.backend = grant.backend;
  d.flavor = flavor;
  return d;
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

bool rpcbind_refused(std::uint32_t procedure) {
  // RFC 1833: SET 1, UNSET 2, CALLIT (v2, v3) and BCAST (v4) 5, INDIRECT (v4) 10. By number in every version: a
  // version that does not know the number loses nothing.
  return procedure == 1 || procedure == 2 || procedure == 5 || procedure == 10;
}

}  // namespace gatehouse::policy
