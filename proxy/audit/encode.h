// Events as lines of JSON, and as fields.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "proxy/audit/event.h"

namespace gatehouse::audit {

/// kMaxLine: no line of JSON is longer, its newline included: a pipe takes so much whole or not at all (PIPE_BUF).
inline constexpr std::size_t kMaxLine = 4096;

/// Value: of a field: a text that is not escaped yet, a number, or a list of numbers.
using Value = std::variant<std::string, std::uint64_t, std::vector<std::uint32_t>>;

/// Line: an event as it is written.
struct Line {
  Kind kind = Kind::lost;
  std::vector<std::pair<std::string_view, Value>> fields;  ///< by their names in JSON, in order
  std::string json;  ///< the fields as one object, ASCII, without a newline; what is no UTF-8 is U+FFFD
};

/// encode: an event that stands for one line; `guest` is the source, null for none. For the writer's thread: allocates.
Line encode(const Event& e, const Source* guest);

}  // namespace gatehouse::audit
