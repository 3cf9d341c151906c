// Times and sizes as they are written in configuration.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::config {

/// parse_time: milliseconds of "500ms", "30s", "6min", "24h" or "2d": a decimal number and one unit, nothing between.
/// Nothing when it is not that or does not fit.
std::optional<std::int64_t> parse_time(std::string_view text);
/// format_time: the shortest text that parse_time reads as `milliseconds` (not negative).
std::string format_time(std::int64_t milliseconds);

/// parse_size: bytes of "512B", "64KiB", "2MiB", "1GiB" or "1TiB". Nothing when it is not that or does not fit.
std::optional<std::int64_t> parse_size(std::string_view text);
/// format_size: the shortest text that parse_size reads as `bytes` (not negative).
std::string format_size(std::int64_t bytes);

/// parse_mode: a file mode of three or four octal digits, "660" or "0660".
std::optional<std::uint32_t> parse_mode(std::string_view text);
/// format_mode: four octal digits.
std::string format_mode(std::uint32_t mode);

/// Nearest: finds the candidate that `word` is most likely a slip of: by edit distance, at most a third of the length
/// off. Views `word`. Not thread-safe.
class Nearest {
 public:
  explicit Nearest(std::string_view word);
  void offer(std::string_view candidate);
  /// hint: "; did you mean \"...\"?" or nothing.
  [[nodiscard]] std::string hint() const;

 private:
  std::string_view word_;
  std::string best_;
  std::size_t distance_;
};

}  // namespace gatehouse::config
