#include "proxy/policy/flavors.h"

#include <array>

namespace gatehouse::policy {
namespace {
constexpr std::array<std::string_view, 5> kNames = {"none", "sys", "krb5", "krb5i", "krb5p"};
}

std::optional<Sec> parse_sec(std::string_view word) {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == word) return static_cast<Sec>(i);
  return std::nullopt;
}

std::string_view sec_name(Sec s) {
  return kNames[static_cast<std::size_t>(s)];
}

}  // namespace gatehouse::policy
