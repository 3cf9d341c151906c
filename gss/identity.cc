#include "gss/identity.h"

#include <algorithm>

namespace gatehouse::gss {

bool principal_matches(std::string_view pattern, std::string_view principal) {
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t p = 0;
  std::size_t s = 0;
  // Only the last star needs another try: whatever an earlier one could take, the last one can take too.
  std::size_t star = kNone;
  std::size_t star_end = 0;  // where what the star stands for ends
  while (s < principal.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_end = s;
    } else if (p < pattern.size() && pattern[p] == principal[s]) {
      ++p;
      ++s;
    } else if (star != kNone) {
      p = star + 1;
      s = ++star_end;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

const PrincipalRule* first_match(const std::vector<PrincipalRule>& rules, std::string_view principal) {
  const auto at = std::ranges::find_if(rules, [&](const auto& r) { return principal_matches(r.match, principal); });
  return at == rules.end() ? nullptr : &*at;
}

std::string rule_text(const PrincipalRule* rule) {
  if (rule == nullptr) return {};
  std::string out = rule->match + " -> ";
  if (std::holds_alternative<PrincipalRule::Deny>(rule->map)) return out + "deny";
  if (const auto* name = std::get_if<std::string>(&rule->map)) return out + "account " + *name;
  const Ids& ids = std::get<Ids>(rule->map);
  out += "uid " + std::to_string(ids.uid) + " gid " + std::to_string(ids.gid);
  for (const std::uint32_t g : ids.groups) out += " " + std::to_string(g);
  return out;
}

}  // namespace gatehouse::gss
