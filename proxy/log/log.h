// Log lines: one event, then its fields, key=value.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::log {

enum class Level : std::uint8_t { debug, info, warning, error };

/// init: lines go to standard error from now on, at `level` and above, by a thread of the log's own, so that nobody
/// waits for whoever reads them: when too many wait, the oldest are dropped. Call once, before other threads start.
void init(Level level);

/// settle: waits until every line is written, `patience` at most; false: standard error takes no more.
bool settle(std::chrono::milliseconds patience);

/// dropped: how many lines were, because nobody took them. Thread-safe.
std::uint64_t dropped();

/// level, set_level: the least level of lines that are written. Thread-safe.
Level level();
void set_level(Level level);
/// level_word, level_of: "debug", "info", "warning", "error"; nothing when a word is none of them.
std::string_view level_word(Level level);
std::optional<Level> level_of(std::string_view word);

/// escaped: `text` as a value: as it is when it is plain, otherwise in quotes with control characters, quotes,
/// backslashes and non-ASCII bytes written as \xNN, cut at 256 bytes. What a peer said can never end the line or forge
/// a field.
std::string escaped(std::string_view text);

/// Line: builds one line and writes it with write(). Thread-safe to write; a Line belongs to one thread.
///   Line(Level::warning, "refused").add("guest", name).add("uid", uid).write();
class Line {
 public:
  Line(Level level, std::string_view event) : level_(level), text_("event=") { text_ += event; }

  Line& add(std::string_view key, std::string_view value) {
    text_.append(" ").append(key).append("=").append(escaped(value));
    return *this;
  }
  template <std::integral T>
  Line& add(std::string_view key, T value) {
    text_.append(" ").append(key).append("=").append(std::to_string(value));
    return *this;
  }
  /// add: nothing is written for an empty optional.
  template <std::integral T>
  Line& add(std::string_view key, const std::optional<T>& value) {
    return value ? add(key, *value) : *this;
  }
  void write() const;

 private:
  Level level_;
  std::string text_;
};

}  // namespace gatehouse::log
