// Names of guests that went.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <span>
#include <string>

namespace gatehouse::runtime {

/// Generations: how often the guest of a name went. The keys of a guest's NFSv4 state come from its name and this: a
/// guest that gets a name anew inherits nothing, whether or not the process was restarted meanwhile. Kept in a file
/// beside the secret, one line a name that ever went: "COUNT NAME". Not thread-safe.
class Generations {
 public:
  /// kMost: names that are remembered.
  static constexpr std::size_t kMost = std::size_t{1} << 18;

  Generations() = default;
  /// load: reads `path`; a file that is not there is one without names. Empty `path`: nothing is kept. An error says
  /// which line is wrong.
  static std::expected<Generations, std::string> load(std::string path);

  /// of: 0: the guest of this name never went.
  [[nodiscard]] std::uint32_t of(const std::string& name) const;
  /// raise: these names' guests went. An error says why another process will not know of it: the file cannot be
  /// written, or there are more than kMost names.
  std::expected<void, std::string> raise(std::span<const std::string> names);

 private:
  std::string path_;
  std::map<std::string, std::uint32_t> counts_;
};

}  // namespace gatehouse::runtime
