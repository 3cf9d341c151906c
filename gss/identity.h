// Who a principal is on the host.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gatehouse::gss {

/// Ids: host ids of a principal. `groups` are the supplementary ones, in the order they were found, without `gid`.
struct Ids {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups;
  friend bool operator==(const Ids&, const Ids&) = default;
};

/// Identity: a verified principal and its ids.
struct Identity {
  std::string principal;  ///< "alice@EXAMPLE.COM", as the acceptor displays it
  Ids ids;
  std::string mapped_by = {};  ///< rule_text() of the rule that gave `ids`; empty: none did
};

/// PrincipalRule: one [[principal]]: first match wins.
struct PrincipalRule {
  struct Deny {
    friend bool operator==(const Deny&, const Deny&) = default;
  };
  std::string match;                         ///< see principal_matches
  std::variant<std::string, Ids, Deny> map;  ///< a local account, ids, or nobody
  friend bool operator==(const PrincipalRule&, const PrincipalRule&) = default;
};

/// principal_matches: whether `principal` is what `pattern` says: `*` stands for any text, also none; everything else
/// for itself, in its case. Linear in both lengths times the number of stars; never allocates.
bool principal_matches(std::string_view pattern, std::string_view principal);

/// first_match: the rule that decides about `principal`; null: none matches.
const PrincipalRule* first_match(const std::vector<PrincipalRule>& rules, std::string_view principal);

/// rule_text: what a rule says, so that two that say the same have the same text; empty for null.
std::string rule_text(const PrincipalRule* rule);

}  // namespace gatehouse::gss
