#include "proxy/config/units.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <span>
#include <vector>

namespace gatehouse::config {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};
// From the largest to the smallest, as formatting wants them.
constexpr Unit kTimes[] = {{"d", 86400000}, {"h", 3600000}, {"min", 60000}, {"s", 1000}, {"ms", 1}};
constexpr Unit kSizes[] = {
    {"TiB", std::int64_t{1} << 40}, {"GiB", std::int64_t{1} << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}};

std::optional<std::int64_t> parse(std::string_view text, std::span<const Unit> units) {
  std::int64_t n = 0;
  if (text.empty() || text.front() == '-') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view name = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const Unit& u : units)
    if (u.name == name && n <= std::numeric_limits<std::int64_t>::max() / u.factor) return n * u.factor;
  return std::nullopt;
}

std::string format(std::int64_t n, std::span<const Unit> units) {
  for (const Unit& u : units)
    if (n != 0 && n % u.factor == 0) return std::to_string(n / u.factor) + std::string(u.name);
  return "0" + std::string(units.back().name);
}

// Optimal string alignment: insertions, deletions, replacements and swaps of neighbours, one each.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> two_up(b.size() + 1), up(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    two_up.swap(up);
    up.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = up[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({up[j] + 1, row[j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], two_up[j - 2] + 1);
    }
  }
  return row.back();
}

constexpr std::size_t kLongestWord = 64;  // nobody's slip is longer, and the distance costs the product of lengths

}  // namespace

std::optional<std::int64_t> parse_time(std::string_view text) {
  return parse(text, kTimes);
}
std::string format_time(std::int64_t milliseconds) {
  return format(milliseconds, kTimes);
}
std::optional<std::int64_t> parse_size(std::string_view text) {
  return parse(text, kSizes);
}
std::string format_size(std::int64_t bytes) {
  return format(bytes, kSizes);
}

std::optional<std::uint32_t> parse_mode(std::string_view text) {
  std::uint32_t mode = 0;
  if (text.size() < 3 || text.size() > 4) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return mode;
}

std::string format_mode(std::uint32_t mode) {
  std::string out(4, '0');
  for (std::size_t i = 0; i < 4; ++i) out[3 - i] = static_cast<char>('0' + (mode >> (3 * i) & 7U));
  return out;
}

Nearest::Nearest(std::string_view word) : word_(word), distance_(std::max<std::size_t>(word.size() / 3, 1) + 1) {}

void Nearest::offer(std::string_view candidate) {
  if (word_.size() > kLongestWord || candidate.size() > kLongestWord) return;
  const std::size_t d = edit_distance(word_, candidate);
  if (d >= distance_) return;
  distance_ = d;
  best_ = candidate;
}

std::string Nearest::hint() const {
  return best_.empty() ? std::string() : "; did you mean \"" + best_ + "\"?";
}

}  // namespace gatehouse::config
