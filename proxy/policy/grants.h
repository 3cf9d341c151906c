// What decide() and decide_gss() share.
#pragma once

#include "proxy/policy/decide.h"

namespace gatehouse::policy {

/// refuse: `d` as a refusal by `rule`, answered by `why`.
Decision refuse(Decision d, Rule rule, rpc::Rejection why);
/// refuse: as above, answered by AUTH_ERROR.
Decision refuse(Decision d, Rule rule, rpc::AuthStat why);

/// forward: `d` as the call's way to the backend of `grant`, allowed by `rule`, with a credential of `flavor`.
Decision forward(Decision d, const ProgramGrant& grant, Rule rule, rpc::AuthFlavor flavor);

/// find_grant: the grant of `guest` that the call falls under; null: none, and `d` is the refusal.
const ProgramGrant* find_grant(const Guest& guest, const rpc::CallHeader& call, Decision& d);

/// rule_of: the rule that an outcome of squash, maps and port rule stands for.
Rule rule_of(authunix::Outcome o);

}  // namespace gatehouse::policy
