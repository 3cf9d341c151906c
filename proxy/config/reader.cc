#include "proxy/config/reader.h"

#include <algorithm>
#include <map>

#include "proxy/config/units.h"

namespace gatehouse::config {
namespace {

using Defaults = std::map<std::pair<Section, std::string_view>, Node>;

// The defaults of the settings table as nodes, parsed once.
const Node* builtin(Section section, std::string_view key) {
  static const Defaults kDefaults = [] {
    Defaults out;
    std::vector<Problem> none;
    for (const Setting& s : settings()) {
      if (s.fallback.empty()) continue;
      Node root = parse_document("v = " + std::string(s.fallback), "default", none);
      out[{s.section, s.key}] = *root.find("v");
    }
    return out;
  }();
  const auto at = kDefaults.find({section, key});
  return at == kDefaults.end() ? nullptr : &at->second;
}

std::string bounds_text(const Setting& row) {
  const auto show = [&](std::int64_t v) {
    return row.type == Type::time ? format_time(v) : row.type == Type::size ? format_size(v) : std::to_string(v);
  };
  return show(row.low) + " to " + show(row.high);
}

bool wrong_type(Context* ctx, const Setting& row, const Node& node) {
  if (ctx != nullptr) {
    const std::string shown =
        node.text() != nullptr ? quote(*node.text()) + ", a string" : std::string(node.type_name());
    ctx->error(node.place, std::string(row.key) + " is " + shown + ": write " + std::string(type_hint(row.type)));
  }
  return false;
}

bool in_bounds(Context* ctx, const Setting& row, const Node& node, std::int64_t value) {
  if (value >= row.low && value <= row.high) return true;
  if (ctx != nullptr) ctx->error(node.place, std::string(row.key) + " is out of bounds: write " + bounds_text(row));
  return false;
}

bool check_bounded(Context* ctx, const Setting& row, const Node& node, std::optional<std::int64_t> value) {
  return value ? in_bounds(ctx, row, node, *value) : wrong_type(ctx, row, node);
}

std::optional<std::int64_t> integer_of(const Node& node) {
  const auto* i = std::get_if<std::int64_t>(&node.value);
  return i == nullptr ? std::nullopt : std::optional(*i);
}
std::optional<std::int64_t> time_of(const Node& node) {
  return node.text() == nullptr ? std::nullopt : parse_time(*node.text());
}
std::optional<std::int64_t> size_of(const Node& node) {
  return node.text() == nullptr ? integer_of(node) : parse_size(*node.text());
}
std::optional<std::int64_t> mode_of(const Node& node) {
  const auto mode = node.text() == nullptr ? std::nullopt : parse_mode(*node.text());
  return mode ? std::optional<std::int64_t>(*mode) : std::nullopt;
}

bool texts_only(const Node& node) {
  return node.array() != nullptr &&
         std::ranges::all_of(*node.array(), [](const Node& e) { return e.text() != nullptr; });
}

bool check_integers(Context* ctx, const Setting& row, const Node& node) {
  if (node.array() == nullptr) return wrong_type(ctx, row, node);
  return std::ranges::all_of(*node.array(), [&](const Node& e) { return check_bounded(ctx, row, e, integer_of(e)); });
}

bool check_texts(Context* ctx, const Setting& row, const Node& node) {
  if (node.array() == nullptr) return wrong_type(ctx, row, node);
  for (const Node& e : *node.array())
    if (e.text() == nullptr) return wrong_type(ctx, row, e);
  return true;
}

bool check_flavors_table(Context* ctx, const Setting& row, const Node& node) {
  if (node.table() == nullptr) return wrong_type(ctx, row, node);
  for (const Member& m : *node.table())
    if (!texts_only(m.value)) return wrong_type(ctx, row, m.value);
  return true;
}

bool check_nested(Context* ctx, const Setting& row, const Node& node, Section section) {
  if (node.table() == nullptr) return wrong_type(ctx, row, node);
  Context local;
  check_table(ctx == nullptr ? local : *ctx, node, {section});
  return true;
}

std::string names_of(std::initializer_list<Section> sections) {
  std::string out;
  for (const Setting& s : settings())
    if (std::ranges::find(sections, s.section) != sections.end()) out.append(out.empty() ? "" : ", ").append(s.key);
  return out;
}

void unknown_key(Context& ctx, const Member& m, std::initializer_list<Section> sections) {
  Nearest nearest(m.key);
  std::string elsewhere;
  for (const Setting& s : settings()) {
    if (std::ranges::find(sections, s.section) != sections.end())
      nearest.offer(s.key);
    else if (s.key == m.key && elsewhere.empty())
      elsewhere = "; it is a key of " + std::string(section_title(s.section));
  }
  std::string text = std::string(section_title(*(sections.end() - 1))) + " has no key " + quote(m.key);
  const std::string hint = nearest.hint().empty() ? elsewhere : nearest.hint();
  ctx.error(m.place, text + (hint.empty() ? "; its keys are " + names_of(sections) : hint));
}

}  // namespace

bool check_value(Context* ctx, const Setting& row, const Node& node) {
  switch (row.type) {
    case Type::boolean: return std::holds_alternative<bool>(node.value) || wrong_type(ctx, row, node);
    case Type::integer: return check_bounded(ctx, row, node, integer_of(node));
    case Type::text: return node.text() != nullptr || wrong_type(ctx, row, node);
    case Type::time: return check_bounded(ctx, row, node, time_of(node));
    case Type::size: return check_bounded(ctx, row, node, size_of(node));
    case Type::mode: return check_bounded(ctx, row, node, mode_of(node));
    case Type::texts: return check_texts(ctx, row, node);
    case Type::text_or_texts: return node.text() != nullptr || check_texts(ctx, row, node);
    case Type::integers: return check_integers(ctx, row, node);
    case Type::flavors_table: return check_flavors_table(ctx, row, node);
    case Type::limits_table: return check_nested(ctx, row, node, Section::limits);
    case Type::principal_map: return node.text() != nullptr || check_nested(ctx, row, node, Section::principal_ids);
  }
  return false;
}

void check_table(Context& ctx, const Node& table, std::initializer_list<Section> sections) {
  const auto row_of = [&](std::string_view key) -> const Setting* {
    for (const Section s : sections)
      if (const Setting* row = find_setting(s, key)) return row;
    return nullptr;
  };
  for (const Member& m : *table.table()) {
    const Setting* row = row_of(m.key);
    if (row == nullptr) {
      unknown_key(ctx, m, sections);
      continue;
    }
    check_value(&ctx, *row, m.value);
  }
  for (const Setting& s : settings())
    if (s.required && std::ranges::find(sections, s.section) != sections.end() && table.find(s.key) == nullptr)
      ctx.error(table.place,
                std::string(section_title(s.section)) + " needs " + std::string(s.key) + ": " + std::string(s.doc));
}

std::vector<const Node*> tables_of(const Node& root, std::string_view key) {
  std::vector<const Node*> out;
  const Node* list = root.find(key);
  if (list == nullptr || list->array() == nullptr) return out;
  for (const Node& n : *list->array())
    if (n.table() != nullptr) out.push_back(&n);
  return out;
}

Found View::find(std::string_view key) const {
  const Setting* row = find_setting(section_, key);
  Found out;
  if (stated_ != nullptr && (out.node = stated_->find(key)) != nullptr)
    out.origin = Origin::stated;
  else if (inherited_ != nullptr && (out.node = inherited_->find(key)) != nullptr)
    out.origin = Origin::inherited;
  else
    return {builtin(section_, key), Origin::builtin};
  return check_value(nullptr, *row, *out.node) ? out : Found{};
}

std::optional<bool> View::boolean(std::string_view key) const {
  const Found f = find(key);
  return f ? std::optional(std::get<bool>(f.node->value)) : std::nullopt;
}
std::optional<std::int64_t> View::integer(std::string_view key) const {
  const Found f = find(key);
  return f ? integer_of(*f.node) : std::nullopt;
}
std::uint32_t View::u32(std::string_view key, std::uint32_t otherwise) const {
  const auto v = integer(key);
  return v ? static_cast<std::uint32_t>(*v) : otherwise;
}
const std::string* View::text(std::string_view key) const {
  const Found f = find(key);
  return f ? f.node->text() : nullptr;
}
std::string View::text_or(std::string_view key, std::string otherwise) const {
  const std::string* t = text(key);
  return t == nullptr ? otherwise : *t;
}
std::optional<std::chrono::milliseconds> View::time(std::string_view key) const {
  const Found f = find(key);
  return f ? std::optional(std::chrono::milliseconds(*time_of(*f.node))) : std::nullopt;
}
std::optional<std::int64_t> View::size(std::string_view key) const {
  const Found f = find(key);
  return f ? size_of(*f.node) : std::nullopt;
}
const Node::Array* View::texts(std::string_view key) const {
  const Found f = find(key);
  return f ? f.node->array() : nullptr;
}
std::pair<const Node*, const Node*> View::layers(std::string_view key) const {
  const auto layer = [&](const Node* table) -> const Node* {
    const Node* n = table == nullptr ? nullptr : table->find(key);
    return n != nullptr && check_value(nullptr, *find_setting(section_, key), *n) ? n : nullptr;
  };
  return {layer(stated_), layer(inherited_)};
}

}  // namespace gatehouse::config
