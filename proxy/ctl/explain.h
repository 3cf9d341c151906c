// The decision about a call, shown without a daemon, by the daemon's own functions.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "proxy/config/config.h"
#include "proxy/ctl/claim.h"

namespace gatehouse::ctl {

/// Question: who calls, and what.
struct Question {
  std::string guest;                  ///< by name; empty: by `cid`
  std::optional<std::uint32_t> cid;   ///< the guest that a vsock peer of this CID is
  std::string listener;               ///< with `cid`: where it comes in; empty: any vsock listener
  std::optional<std::uint32_t> port;  ///< source port; nothing: an unprivileged one, where there are ports
  Claim claim;
};

/// Credential: what the backend would see.
struct Credential {
  std::string flavor;  ///< "sys" or "none"; the rest is of sys only
  std::string machine;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> gids;
};

/// Answer: what would become of the call.
struct Answer {
  bool allowed = false;
  std::string rule;                      ///< policy::rule_word, or "no-guest"
  std::string reason;                    ///< a sentence
  std::string guest;                     ///< empty: nobody's
  std::string uuid;                      ///< of the guest; may be empty
  std::string call;                      ///< "nfs version 4 procedure COMPOUND"
  std::optional<Credential> credential;  ///< of an allowed call that goes on
  std::string backend;                   ///< its name; empty: the call goes nowhere
  std::string backend_address;
  std::string source_address;           ///< of the link, where the backend is reached by TCP
  std::vector<std::string> nfs;         ///< nfs_rules, of an allowed call that goes on
  std::vector<std::string> sec;         ///< the guest's flavors for this program
  std::string principal;                ///< who calls by Kerberos; what follows is of such calls only
  std::vector<std::string> principals;  ///< the guest's patterns; empty: all that map to ids
  std::string mapping;                  ///< how the principal was mapped: rule, local name, account
  std::optional<gss::Ids> account;      ///< its ids, before squash and the guest's rule for group lists
  std::string ids;                      ///< what these two make of them
  std::string reply;                    ///< what the gateway itself answers, for example "AUTH_TOOWEAK"; empty: nothing
  std::vector<std::string> warnings;
};

/// explain: decides the call by the configuration, or says what of the question has no meaning. Pure for calls without
/// a principal; a principal is looked up as the daemon does it: in krb5.conf and among the system's accounts.
std::expected<Answer, std::string> explain(const config::Config& c, const Question& q);

}  // namespace gatehouse::ctl
