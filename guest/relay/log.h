// Log lines of the programs inside a virtual machine, in the gateway's form: one event, then key=value.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

namespace gatehouse::guest::log {

/// Level: as syslog(3) numbers them.
enum class Level : int { error = 3, warning = 4, info = 6 };

/// to_syslog: lines go to syslog(3) from now on, under the name `program`, instead of standard error.
void to_syslog(const char* program);

/// Line: builds one line and writes it with write(). Values are the relay's own words and numbers: nothing that a peer
/// said is ever logged. Not thread-safe.
class Line {
 public:
  Line(Level level, std::string_view event) : level_(level), text_("event=") { text_ += event; }

  /// add: `value` in quotes when it has a blank. It has no quotes itself.
  Line& add(std::string_view key, std::string_view value);
  template <std::integral T>
  Line& add(std::string_view key, T value) {
    return add(key, std::string_view(std::to_string(value)));
  }
  void write() const;

 private:
  Level level_;
  std::string text_;
};

}  // namespace gatehouse::guest::log
