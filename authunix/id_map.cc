#include "authunix/id_map.h"

#include <algorithm>
#include <charconv>

namespace gatehouse::authunix {
namespace {

constexpr std::uint32_t kNobodysId = 0xffffffffU;

bool read_number(std::string_view& s, std::uint32_t& out) {
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), out);
  if (error != std::errc{}) return false;
  s.remove_prefix(static_cast<std::size_t>(end - s.data()));
  return true;
}

bool eat(std::string_view& s, char c) {
  if (s.empty() || s.front() != c) return false;
  s.remove_prefix(1);
  return true;
}

bool overlap(std::uint32_t a_first, std::uint32_t a_last, std::uint32_t b_first, std::uint32_t b_last) {
  return a_first <= b_last && b_first <= a_last;
}
std::uint32_t host_last(const IdRange& r) {
  return r.host + (r.last - r.first);
}

}  // namespace

std::optional<IdRange> parse_id_range(std::string_view s) {
  IdRange r;
  if (!read_number(s, r.first)) return std::nullopt;
  r.last = r.first;
  if (eat(s, '-') && !read_number(s, r.last)) return std::nullopt;
  if (!eat(s, ':') || !read_number(s, r.host) || !s.empty()) return std::nullopt;
  if (r.last < r.first || r.last == kNobodysId) return std::nullopt;
  if (r.last - r.first >= kNobodysId - r.host) return std::nullopt;
  return r;
}

bool IdMap::add(const IdRange& range) {
  for (const IdRange& r : ranges_) {
    if (overlap(r.first, r.last, range.first, range.last)) return false;
    if (overlap(r.host, host_last(r), range.host, host_last(range))) return false;
  }
  const auto at = std::ranges::lower_bound(ranges_, range.first, {}, &IdRange::first);
  ranges_.insert(at, range);
  return true;
}

std::optional<std::uint32_t> IdMap::map_in_ranges(std::uint32_t id) const {
  auto at = std::ranges::upper_bound(ranges_, id, {}, &IdRange::first);
  if (at == ranges_.begin()) return std::nullopt;
  --at;
  if (id > at->last) return std::nullopt;
  return at->host + (id - at->first);
}

bool IdMap::emits(std::uint32_t host) const {
  if (ranges_.empty()) return true;
  return std::ranges::any_of(ranges_, [host](const IdRange& r) { return host >= r.host && host <= host_last(r); });
}

}  // namespace gatehouse::authunix
