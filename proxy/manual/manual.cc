#include "proxy/manual/manual.h"

#include <algorithm>
#include <set>
#include <utility>

#include "proxy/config/units.h"

namespace gatehouse::manual {
namespace {

using config::Section;
using config::Setting;
using config::Type;

constexpr std::pair<std::string_view, Section> kSections[] = {
    {"gateway", Section::gateway},   {"admin", Section::admin},         {"audit", Section::audit},
    {"kerberos", Section::kerberos}, {"principal", Section::principal}, {"principal_ids", Section::principal_ids},
    {"trust", Section::trust},       {"listener", Section::listener},   {"backend", Section::backend},
    {"policy", Section::policy},     {"guest", Section::guest},         {"limits", Section::limits},
};

// Text as mdoc shows it: nothing in it is a command, and a hyphen is the one that can be typed.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if (c == '"') {
      out += "\\(dq";
    } else {
      out += c;
    }
  }
  return out;
}

// Sentences, each on lines of its own as mdoc wants it. A dot or an apostrophe at the beginning would be a command.
std::string sentences(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t stop = text.find(". ");
    const std::string_view one = text.substr(0, stop == std::string_view::npos ? stop : stop + 1);
    text.remove_prefix(stop == std::string_view::npos ? text.size() : stop + 2);
    out += one.front() == '.' || one.front() == '\'' ? "\\&" : "";
    out += plain(one) + '\n';
  }
  return out;
}

std::string_view type_name(Type type) {
  switch (type) {
    case Type::boolean: return "boolean";
    case Type::integer: return "integer";
    case Type::text: return "string";
    case Type::time: return "time";
    case Type::size: return "size";
    case Type::mode: return "octal mode, a string";
    case Type::texts: return "list of strings";
    case Type::text_or_texts: return "string or list of strings";
    case Type::integers: return "list of integers";
    case Type::flavors_table: return "table of lists of flavors";
    case Type::limits_table: return "table";
    case Type::principal_map: return "string or table";
  }
  return "";
}

std::string bounds(const Setting& s) {
  switch (s.type) {
    case Type::integer:
    case Type::integers: return std::to_string(s.low) + " to " + std::to_string(s.high);
    case Type::time: return config::format_time(s.low) + " to " + config::format_time(s.high);
    case Type::size: return config::format_size(s.low) + " to " + config::format_size(s.high);
    default: return {};
  }
}

std::string list_of(Section section, std::span<const Setting> settings) {
  std::string out;
  for (const Setting& s : settings)
    if (s.section == section) out += entry(s);
  return ".Bl -tag -width Ds\n" + out + ".El\n";
}

}  // namespace

std::string entry(const Setting& s) {
  std::string facts(type_name(s.type));
  if (const std::string b = bounds(s); !b.empty()) facts += ", " + b;
  if (s.required) facts += "; required";
  if (!s.fallback.empty()) facts += "; default " + std::string(s.fallback);
  return ".It Ic " + plain(s.key) + " Pq " + plain(facts) + '\n' + sentences(s.doc);
}

std::expected<std::string, std::string> fill(std::string_view page, std::span<const Setting> settings) {
  std::string out;
  std::set<Section> missing;
  for (const Setting& s : settings) missing.insert(s.section);
  while (!page.empty()) {
    const std::size_t end = std::min(page.find('\n'), page.size());
    const std::string_view text = page.substr(0, end);
    page.remove_prefix(std::min(end + 1, page.size()));
    if (text.size() < 3 || text.front() != '@' || text.back() != '@') {
      out.append(text).append("\n");
      continue;
    }
    const std::string_view name = text.substr(1, text.size() - 2);
    const auto* section = std::ranges::find(kSections, name, &std::pair<std::string_view, Section>::first);
    if (section == std::end(kSections) || missing.erase(section->second) == 0)
      return std::unexpected(std::string(text) +
                             " names no section, or one without settings, or one for the second time");
    out += list_of(section->second, settings);
  }
  for (const auto& [name, section] : kSections)
    if (missing.contains(section))
      return std::unexpected("no line @" + std::string(name) + "@: its settings would be left out");
  return out;
}

}  // namespace gatehouse::manual
