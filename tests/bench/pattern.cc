#include <algorithm>
#include <array>
#include <cstring>

#include "tests/bench/wire.h"

namespace gatehouse::bench {
namespace {

// A period that is no power of two: bytes displaced by a whole buffer do not match.
constexpr std::size_t kPeriodWords = 8191;
constexpr std::size_t kPeriod = kPeriodWords * 8;

using Pattern = std::array<std::uint8_t, kPeriod>;

const Pattern& pattern() {
  static const Pattern bytes = [] {
    Pattern made{};
    for (std::uint64_t word = 0; word < kPeriodWords; ++word) {
      const std::uint64_t value = (word + 1) * 0x9e3779b97f4a7c15ULL;
      std::memcpy(&made[word * 8], &value, 8);
    }
    return made;
  }();
  return bytes;
}

}  // namespace

Bytes payload_at(std::size_t offset) {
  return Bytes(pattern()).subspan(offset % kPeriod);
}

void append_payload(std::uint32_t payload, std::vector<std::uint8_t>& out) {
  for (std::size_t at = 0; at < payload;) {
    const Bytes all = payload_at(at);
    const Bytes bytes = all.first(std::min(all.size(), payload - at));
    out.insert(out.end(), bytes.begin(), bytes.end());
    at += bytes.size();
  }
}

bool payload_matches(std::size_t offset, Bytes chunk) {
  const std::size_t lead = (8 - offset % 8) % 8;
  if (chunk.size() < lead + 8) return true;
  const std::size_t last = lead + (chunk.size() - lead) / 8 * 8 - 8;
  for (const std::size_t at : {lead, last}) {
    if (std::memcmp(chunk.data() + at, payload_at(offset + at).data(), 8) != 0) return false;
  }
  return true;
}

}  // namespace gatehouse::bench
