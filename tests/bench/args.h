#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::bench {

// Args holds a command line of `--name value` pairs. A name may be given several times. Immutable after parse.
class Args {
 public:
  // parse reads argv[1..]. `known` are the names that may occur (with their dashes). The error is one line for the
  // user.
  static std::expected<Args, std::string> parse(int argc, char** argv, std::span<const std::string_view> known);

  // has says whether the name was given at all.
  bool has(std::string_view name) const;

  // text returns the last value given for the name, or `fallback`.
  std::string text(std::string_view name, std::string_view fallback) const;

  // all returns every value given for the name, in order.
  std::vector<std::string> all(std::string_view name) const;

  // number returns the last value as a whole number within [low, high], or `fallback` if the name was not given.
  std::expected<std::uint64_t, std::string> number(std::string_view name, std::uint64_t fallback, std::uint64_t low,
                                                   std::uint64_t high) const;

  // seconds returns the last value, in seconds with a fraction, as nanoseconds; above 0 and at most one hour.
  std::expected<std::uint64_t, std::string> seconds(std::string_view name, double fallback) const;

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

}  // namespace gatehouse::bench
