// A list of mount options: "vers=4.2,context=\"a,b\",ro".
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::guest {

/// OptionList: mount options in their order; the last of several of one name counts. A plain value.
class OptionList {
 public:
  /// parse: splits at commas, as libmount does: not inside double quotes, and not behind a backslash. Quotes and
  /// backslashes stay in the options: who gets them next splits again. Empty options vanish. The error: a quote that
  /// does not end, or an option with nothing before its "=".
  static std::expected<OptionList, std::string> parse(std::string_view text);

  /// add: appends one option.
  void add(std::string option) { options_.push_back(std::move(option)); }
  /// take: removes all options of this name and returns the last one's value: "" for one without "=".
  std::optional<std::string> take(std::string_view name);
  /// value: the same without removing; has: whether there is one.
  [[nodiscard]] std::optional<std::string> value(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return value(name).has_value(); }
  [[nodiscard]] const std::vector<std::string>& all() const { return options_; }
  /// str: the list as one text.
  [[nodiscard]] std::string str() const;

 private:
  std::vector<std::string> options_;
};

}  // namespace gatehouse::guest
