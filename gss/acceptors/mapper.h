// From principals to host ids: rules, auth_to_local, the system's accounts.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "gss/identity.h"

namespace gatehouse::gss {

/// Mapping: who a principal is, and how that was found.
struct Mapping {
  enum class Outcome : std::uint8_t {
    ids,
    denied,         ///< by a [[principal]] rule
    no_account,     ///< no rule, and no local account: default deny
    lookup_failed,  ///< the system could not say (a directory that is down): never taken for "no groups"
  };
  Outcome outcome = Outcome::no_account;
  Ids ids;
  std::string how;  ///< a sentence for logs and `explain`: which rule, which local name, which account
};

/// Mapper: [[principal]] rules in their order, then gss_localname (auth_to_local of krb5.conf), then the account and
/// all its groups. What was found is kept for `time_to_live`; of failures only "no account", and that for a tenth of
/// it. Thread-safe; blocks as long as the system's directory does: only for the offload pool and for tools.
class Mapper {
 public:
  Mapper(std::vector<PrincipalRule> rules, std::chrono::milliseconds time_to_live);

  /// map: `looked_up` says that an acceptor (gssproxy) has mapped the principal to an account already: `found` is its
  /// answer then, and only the rules come before it.
  Mapping map(const std::string& principal, bool looked_up = false, const std::optional<Ids>& found = std::nullopt);

  /// forget: what was found so far is looked up anew.
  void forget();

  [[nodiscard]] const std::vector<PrincipalRule>& rules() const { return rules_; }

 private:
  struct Entry {
    Mapping mapping;
    std::chrono::steady_clock::time_point until;
  };
  std::optional<Mapping> cached(const std::string& principal);
  void keep(const std::string& principal, const Mapping& mapping);

  const std::vector<PrincipalRule> rules_;
  const std::chrono::milliseconds time_to_live_;
  std::mutex mutex_;
  std::unordered_map<std::string, Entry> cache_;  // bounded
};

/// local_account: the account `name` with all its groups, however many; Outcome::ids, no_account or lookup_failed.
Mapping local_account(const std::string& name);

}  // namespace gatehouse::gss
