// The one file that knows toml++. It throws on a syntax error; nothing is thrown out of here.
#include <toml++/toml.h>

#include <algorithm>

#include "proxy/config/document.h"

namespace gatehouse::config {
namespace {

using File = std::shared_ptr<const std::string>;

Place place_of(const toml::source_region& r, const File& file) { return {file, r.begin.line, r.begin.column}; }

Node convert(const toml::node& in, const File& file);

Node::Table convert_table(const toml::table& in, const File& file) {
  Node::Table out;
  for (const auto& [key, value] : in)
    out.push_back({std::string(key.str()), place_of(key.source(), file), convert(value, file)});
  // toml++ sorts by key; a reader of problems expects the order of the file.
  std::ranges::sort(out, {}, [](const Member& m) { return std::pair(m.place.line, m.place.column); });
  return out;
}

Node::Array convert_array(const toml::array& in, const File& file) {
  Node::Array out;
  for (const auto& value : in) out.push_back(convert(value, file));
  return out;
}

Node convert(const toml::node& in, const File& file) {
  Node out{Node::Other{}, place_of(in.source(), file)};
  if (const auto* b = in.as_boolean()) out.value = b->get();
  else if (const auto* i = in.as_integer()) out.value = i->get();
  else if (const auto* f = in.as_floating_point()) out.value = f->get();
  else if (const auto* s = in.as_string()) out.value = s->get();
  else if (const auto* a = in.as_array()) out.value = convert_array(*a, file);
  else if (const auto* t = in.as_table()) out.value = convert_table(*t, file);
  return out;
}

}  // namespace

Node parse_document(std::string_view text, const std::string& file, std::vector<Problem>& problems) {
  const auto name = std::make_shared<const std::string>(file);
  try {
    return convert(toml::parse(text, file), name);
  } catch (const toml::parse_error& e) {
    problems.push_back(problem(place_of(e.source(), name), "this is not TOML: " + std::string(e.description())));
  }
  return {Node::Table{}, {name, 0, 0}};
}

}  // namespace gatehouse::config
