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
};

/// PrincipalRule: one [[principal]]: first match wins.
struct PrincipalRule {
  struct Deny {};
  std::string match;                         ///< see principal_matches
  std::variant<std::string, Ids, Deny> map;  ///< a local account, ids, or nobody
};

/// principal_matches: whether `principal` is what `pattern` says: `*` stands for any text, also none; everything else
/// for itself, in its case. Linear in both lengths times the number of stars; never allocates.
bool principal_matches(std::string_view pattern, std::string_view principal);

}  // namespace gatehouse::gss
