// Range maps of user and group ids: "0-65535:100000".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::authunix {

/// IdRange: guest ids first..last become host, host+1, ...
struct IdRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  std::uint32_t host = 0;
  friend bool operator==(const IdRange&, const IdRange&) = default;
};

/// parse_id_range: reads "FIRST-LAST:HOST" or "ID:HOST", decimal. Nothing when the text is not that, when LAST is
/// before FIRST, or when either side would reach 4294967295 (-1, which is nobody's id).
std::optional<IdRange> parse_id_range(std::string_view text);

/// IdMap: a set of disjoint ranges. An empty map maps every id to itself. Immutable once built; safe for all threads.
class IdMap {
 public:
  IdMap() = default;

  /// add: takes the range in, unless its guest ids or its host ids overlap a range already there: two guest ids must
  /// not become one host id unseen.
  bool add(const IdRange& range);

  /// map: the host id, or nothing when the map has ranges and none holds `id`. O(log ranges).
  [[nodiscard]] std::optional<std::uint32_t> map(std::uint32_t id) const {
    if (ranges_.empty()) return id;
    return map_in_ranges(id);
  }

  /// emits: whether some guest id maps to `host` (an empty map: every id does).
  [[nodiscard]] bool emits(std::uint32_t host) const;
  [[nodiscard]] bool empty() const { return ranges_.empty(); }
  [[nodiscard]] const std::vector<IdRange>& ranges() const { return ranges_; }
  friend bool operator==(const IdMap&, const IdMap&) = default;

 private:
  [[nodiscard]] std::optional<std::uint32_t> map_in_ranges(std::uint32_t id) const;

  std::vector<IdRange> ranges_;  // sorted by first
};

}  // namespace gatehouse::authunix
