// A configuration file as a tree of values, each with its place. What reads TOML is hidden behind it: no other file of
// the project includes toml++.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proxy/config/config.h"

namespace gatehouse::config {

/// Place: where something is written. Lines and columns count from 1; 0: the file as a whole.
struct Place {
  std::shared_ptr<const std::string> file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  /// str: "file:line:column", for pointing from one place at another.
  [[nodiscard]] std::string str() const;
};

/// problem: a Problem at a place.
Problem problem(const Place& at, std::string text);

struct Member;

/// Node: one TOML value. Dates, times and what is nested deeper than any setting are kept as `Other`, so that they can
/// be named in an error. A plain value.
struct Node {
  using Array = std::vector<Node>;
  using Table = std::vector<Member>;
  struct Other {};
  std::variant<bool, std::int64_t, double, std::string, Array, Table, Other> value;
  Place place;

  [[nodiscard]] const Table* table() const { return std::get_if<Table>(&value); }
  [[nodiscard]] const Array* array() const { return std::get_if<Array>(&value); }
  [[nodiscard]] const std::string* text() const { return std::get_if<std::string>(&value); }
  /// find: the member of a table by its key; null when there is none or the node is no table.
  [[nodiscard]] const Node* find(std::string_view key) const;
  /// type_name: what it is, for an error: "a string", "a boolean" ...
  [[nodiscard]] std::string_view type_name() const;
};

/// Member: a key of a table and its value.
struct Member {
  std::string key;
  Place place;  ///< of the key
  Node value;
};

/// parse_document: the root table of TOML text; a syntax error becomes a problem and leaves an empty table. Text of any
/// kind is safe to give to it.
Node parse_document(std::string_view text, const std::string& file, std::vector<Problem>& problems);

/// merge: takes `from` into `into`: tables key by key, where `from` wins; arrays of tables are appended.
void merge(Node& into, Node&& from);

/// quote: `s` as a TOML basic string.
std::string quote(std::string_view s);

}  // namespace gatehouse::config
