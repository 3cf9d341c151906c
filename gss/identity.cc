#include "gss/identity.h"

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

}  // namespace gatehouse::gss
