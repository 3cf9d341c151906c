// The one file that knows toml++. It throws on a syntax error; nothing is thrown out of here.
#include <toml++/toml.h>

#include <algorithm>
#include <optional>

#include "proxy/config/document.h"

namespace gatehouse::config {
namespace {

using File = std::shared_ptr<const std::string>;

// toml++ bounds the nesting of values, but makes a table of each part of a dotted key and takes them down recursively:
// a key of a hundred thousand parts would exhaust the stack. No key of ours has more than three.
constexpr std::ptrdiff_t kMostDots = 32;
constexpr int kDeepest = 16;

Place place_of(const toml::source_region& r, const File& file) {
  return {file, r.begin.line, r.begin.column};
}

// The dots of a line that are not inside strings; all of them when its quotes do not pair (part of a longer string).
std::ptrdiff_t key_dots(std::string_view line) {
  std::ptrdiff_t outside = 0;
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote == 0 && c == '#') break;
    if (quote == '"' && c == '\\') {
      ++i;
    } else if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    } else if (quote == 0 && c == '.') {
      ++outside;
    }
  }
  return quote == 0 ? outside : std::ranges::count(line, '.');
}

// The number of the first line that could hold such a key.
std::optional<std::uint32_t> overlong_key(std::string_view text) {
  for (std::uint32_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (key_dots(text.substr(0, end)) > kMostDots) return line;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::nullopt;
}

Node convert(const toml::node& in, const File& file, int depth);

Node::Table convert_table(const toml::table& in, const File& file, int depth) {
  Node::Table out;
  for (const auto& [key, value] : in)
    out.push_back({std::string(key.str()), place_of(key.source(), file), convert(value, file, depth)});
  // toml++ sorts by key; a reader of problems expects the order of the file.
  std::ranges::sort(out, {}, [](const Member& m) { return std::pair(m.place.line, m.place.column); });
  return out;
}

Node::Array convert_array(const toml::array& in, const File& file, int depth) {
  Node::Array out;
  for (const auto& value : in) out.push_back(convert(value, file, depth));
  return out;
}

// What is nested deeper than any setting becomes Node::Other, of a wrong type wherever it stands.
Node convert(const toml::node& in, const File& file, int depth) {
  Node out{Node::Other{}, place_of(in.source(), file)};
  if (depth == 0) return out;
  if (const auto* b = in.as_boolean())
    out.value = b->get();
  else if (const auto* i = in.as_integer())
    out.value = i->get();
  else if (const auto* f = in.as_floating_point())
    out.value = f->get();
  else if (const auto* s = in.as_string())
    out.value = s->get();
  else if (const auto* a = in.as_array())
    out.value = convert_array(*a, file, depth - 1);
  else if (const auto* t = in.as_table())
    out.value = convert_table(*t, file, depth - 1);
  return out;
}

}  // namespace

Node parse_document(std::string_view text, const std::string& file, std::vector<Problem>& problems) {
  const auto name = std::make_shared<const std::string>(file);
  if (const auto line = overlong_key(text)) {
    problems.push_back(problem({name, *line, 1}, "this line has more than " + std::to_string(kMostDots) +
                                                     " dots, as no setting needs: break it into several lines"));
    return {Node::Table{}, {name, 0, 0}};
  }
  try {
    return convert(toml::parse(text, file), name, kDeepest);
  } catch (const toml::parse_error& e) {
    problems.push_back(problem(place_of(e.source(), name), "this is not TOML: " + std::string(e.description())));
  }
  return {Node::Table{}, {name, 0, 0}};
}

}  // namespace gatehouse::config
