// The part of explain() that is about Kerberos principals.
#pragma once

#include "proxy/ctl/explain.h"
#include "proxy/policy/decide.h"

namespace gatehouse::ctl {

/// explain_principal: follows the principal's way through the daemon: may it have a context, who is it, may it call.
/// Asks krb5.conf and the system's accounts, and blocks as long as they do.
void explain_principal(const config::Config& c, const policy::Guest& g, const Question& q, const Call& call,
                       Answer& out);

/// show_decision: decision, rule, reason and where the call goes, or how it is answered.
void show_decision(const config::Config& c, const policy::Guest& g, const rpc::CallHeader& header,
                   std::optional<std::uint32_t> port, const policy::Decision& d, Answer& out);

}  // namespace gatehouse::ctl
