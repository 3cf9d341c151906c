#include "tests/bench/args.h"

#include <algorithm>
#include <charconv>

namespace gatehouse::bench {

std::expected<Args, std::string> Args::parse(int argc, char** argv, std::span<const std::string_view> known) {
  Args args;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      std::string list;
      for (std::string_view option : known) list.append(" ").append(option);
      return std::unexpected("unknown option " + std::string(name) + "; the options are:" + list);
    }
    if (i + 1 == argc) return std::unexpected("option " + std::string(name) + " needs a value");
    args.values_[std::string(name)].emplace_back(argv[i + 1]);
  }
  return args;
}

bool Args::has(std::string_view name) const {
  return values_.contains(name);
}

std::string Args::text(std::string_view name, std::string_view fallback) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::string(fallback) : found->second.back();
}

std::vector<std::string> Args::all(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::vector<std::string>{} : found->second;
}

std::expected<std::uint64_t, std::string> Args::number(std::string_view name, std::uint64_t fallback, std::uint64_t low,
                                                       std::uint64_t high) const {
  if (!has(name)) return fallback;
  const std::string value = text(name, "");
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size() || number < low || number > high) {
    return std::unexpected("option " + std::string(name) + ": '" + value + "' is not a whole number from " +
                           std::to_string(low) + " to " + std::to_string(high));
  }
  return number;
}

std::expected<std::uint64_t, std::string> Args::seconds(std::string_view name, double fallback) const {
  double seconds = fallback;
  if (has(name)) {
    const std::string value = text(name, "");
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (error != std::errc{} || end != value.data() + value.size() || !(seconds > 0 && seconds <= 3600)) {
      return std::unexpected("option " + std::string(name) + ": '" + value +
                             "' is not a number of seconds above 0 and at most 3600");
    }
  }
  return static_cast<std::uint64_t>(seconds * 1e9);
}

}  // namespace gatehouse::bench
