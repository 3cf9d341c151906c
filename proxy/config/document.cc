#include "proxy/config/document.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace gatehouse::config {
namespace {

bool array_of_tables(const Node& n) {
  const auto* a = n.array();
  return a != nullptr && std::ranges::all_of(*a, [](const Node& e) { return e.table() != nullptr; });
}

void append(Node& into, Node&& from) {
  auto& to = std::get<Node::Array>(into.value);
  for (Node& n : std::get<Node::Array>(from.value)) to.push_back(std::move(n));
}

std::string escaped(unsigned char c) {
  std::array<char, 8> out{};
  std::snprintf(out.data(), out.size(), "\\u%04X", c);
  return out.data();
}

}  // namespace

std::string Place::str() const {
  if (line == 0) return *file;
  return *file + ':' + std::to_string(line) + ':' + std::to_string(column);
}

Problem problem(const Place& at, std::string text) {
  return {*at.file, at.line, at.column, std::move(text)};
}

std::string Problem::str() const {
  const std::string where = line == 0 ? file : file + ':' + std::to_string(line) + ':' + std::to_string(column);
  std::string out;
  for (const char c : where + ": " + text) {
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x20 || u == 0x7f)
      out += escaped(u);
    else
      out += c;
  }
  return out;
}

const Node* Node::find(std::string_view key) const {
  if (const Table* t = table())
    for (const Member& m : *t)
      if (m.key == key) return &m.value;
  return nullptr;
}

std::string_view Node::type_name() const {
  static constexpr std::array<std::string_view, 7> kNames = {
      "a boolean", "an integer", "a fraction", "a string", "a list", "a table", "a date, a time or nested too deeply"};
  return kNames[value.index()];
}

void merge(Node& into, Node&& from) {
  auto& to = std::get<Node::Table>(into.value);
  for (Member& m : std::get<Node::Table>(from.value)) {
    const auto here = std::ranges::find(to, m.key, &Member::key);
    if (here == to.end()) {
      to.push_back(std::move(m));
    } else if (here->value.table() != nullptr && m.value.table() != nullptr) {
      merge(here->value, std::move(m.value));
    } else if (array_of_tables(here->value) && array_of_tables(m.value)) {
      append(here->value, std::move(m.value));
    } else {
      *here = std::move(m);
    }
  }
}

std::string quote(std::string_view s) {
  std::string out = "\"";
  for (const char c : s) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += '\\';
    if (u < 0x20 || u == 0x7f)
      out += escaped(u);
    else
      out += c;
  }
  return out + '"';
}

}  // namespace gatehouse::config
