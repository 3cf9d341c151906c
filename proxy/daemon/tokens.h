// The threads that accept Kerberos tokens, as the configuration wants them.
#pragma once

#include <memory>

#include "proxy/config/config.h"
#include "proxy/offload/accept_pool.h"

namespace gatehouse::daemon {

/// make_tokens: null when no guest may use any krb5 flavor.
std::shared_ptr<offload::AcceptPool> make_tokens(const config::Config& c, std::size_t workers);

/// same_tokens: whether what make_tokens makes of `a` does for `b` as well.
bool same_tokens(const config::Config& a, const config::Config& b);

}  // namespace gatehouse::daemon
