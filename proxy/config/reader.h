// Reading typed values of a document by the settings table, with defaults and inheritance.
#pragma once

#include <array>
#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proxy/config/document.h"
#include "proxy/config/settings.h"

namespace gatehouse::config {

/// Context: where problems go while a document is read. All are collected; reading goes on behind each.
struct Context {
  std::vector<Problem> errors;
  std::vector<Problem> warnings;

  void error(const Place& at, std::string text) { errors.push_back(problem(at, std::move(text))); }
  void warn(const Place& at, std::string text) { warnings.push_back(problem(at, std::move(text))); }
};

/// Origin: where a value comes from.
enum class Origin : std::uint8_t { stated, inherited, builtin };

/// Found: a value, and where it comes from. Null: absent without a default, or of a wrong type (which check_table
/// has reported).
struct Found {
  const Node* node = nullptr;
  Origin origin = Origin::builtin;
  explicit operator bool() const { return node != nullptr; }
};

/// View: the settings of one table of a document: what is stated there, else in the table it inherits from, else the
/// default of the settings table. Views the nodes; both may be null.
class View {
 public:
  View(Section section, const Node* stated, const Node* inherited = nullptr)
      : section_(section), stated_(stated), inherited_(inherited) {}

  [[nodiscard]] Found find(std::string_view key) const;
  [[nodiscard]] std::optional<bool> boolean(std::string_view key) const;
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view key) const;
  /// u32: an integer of a row whose bounds fit 32 bits; `otherwise` when it is absent or wrong.
  [[nodiscard]] std::uint32_t u32(std::string_view key, std::uint32_t otherwise) const;
  /// text: null when absent or wrong.
  [[nodiscard]] const std::string* text(std::string_view key) const;
  [[nodiscard]] std::string text_or(std::string_view key, std::string otherwise) const;
  [[nodiscard]] std::optional<std::chrono::milliseconds> time(std::string_view key) const;
  [[nodiscard]] std::optional<std::int64_t> size(std::string_view key) const;
  /// texts: the elements, all of them strings; null when absent or wrong.
  [[nodiscard]] const Node::Array* texts(std::string_view key) const;
  /// layer: a table-valued key (limits, sec_by_program) of the stated and of the inherited table; null where not there.
  [[nodiscard]] std::pair<const Node*, const Node*> layers(std::string_view key) const;

 private:
  Section section_;
  const Node* stated_;
  const Node* inherited_;
};

/// check_table: reports unknown keys (naming the nearest known one), wrong types, values out of bounds, missing
/// required keys, and warns of keys without effect.
void check_table(Context& ctx, const Node& table, std::initializer_list<Section> sections);

/// check_value: whether `node` is what the row wants; reports what is wrong to `ctx` unless that is null.
bool check_value(Context* ctx, const Setting& row, const Node& node);

/// tables_of: the tables of an array such as [[guest]]; none when the root has no such key or it is something else.
std::vector<const Node*> tables_of(const Node& root, std::string_view key);

/// Word: a word of a setting and what it stands for.
template <typename T>
using Word = std::pair<std::string_view, T>;

/// choose: the meaning of a word; an unknown word is reported with the words there are and yields `otherwise`.
template <typename T, std::size_t N>
T choose(Context& ctx, const View& view, std::string_view key, const Word<T> (&words)[N], T otherwise) {
  const Found found = view.find(key);
  if (!found) return otherwise;
  std::string known;
  for (const auto& [word, value] : words) {
    if (*found.node->text() == word) return value;
    known.append(known.empty() ? "" : ", ").append(quote(word));
  }
  ctx.error(found.node->place, std::string(key) + " is " + quote(*found.node->text()) + ": write one of " + known);
  return otherwise;
}

}  // namespace gatehouse::config
