#include "guest/mount/option_list.h"

#include <algorithm>

namespace gatehouse::guest {
namespace {

std::string_view name_of(std::string_view option) {
  return option.substr(0, option.find('='));
}

std::string value_of(std::string_view option) {
  const auto equals = option.find('=');
  return equals == std::string_view::npos ? std::string() : std::string(option.substr(equals + 1));
}

// Where the option that begins `text` ends; npos: in a quote that does not.
std::size_t end_of(std::string_view text) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (text[i] == ',' && !quoted && (i == 0 || text[i - 1] != '\\')) return i;
  }
  return quoted ? std::string_view::npos : text.size();
}

}  // namespace

std::expected<OptionList, std::string> OptionList::parse(std::string_view text) {
  OptionList out;
  while (!text.empty()) {
    const std::size_t end = end_of(text);
    if (end == std::string_view::npos) return std::unexpected("the options end inside a quote: " + std::string(text));
    const std::string_view option = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (option.empty()) continue;
    if (option.front() == '=')
      return std::unexpected("the option " + std::string(option) + " has no name before its =");
    out.add(std::string(option));
  }
  return out;
}

std::optional<std::string> OptionList::value(std::string_view name) const {
  const auto found =
      std::find_if(options_.rbegin(), options_.rend(), [&](const auto& o) { return name_of(o) == name; });
  if (found == options_.rend()) return std::nullopt;
  return value_of(*found);
}

std::optional<std::string> OptionList::take(std::string_view name) {
  auto out = value(name);
  std::erase_if(options_, [&](const auto& o) { return name_of(o) == name; });
  return out;
}

std::string OptionList::str() const {
  std::string out;
  for (const auto& option : options_) out.append(out.empty() ? "" : ",").append(option);
  return out;
}

}  // namespace gatehouse::guest
