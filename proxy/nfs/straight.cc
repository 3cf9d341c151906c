#include "proxy/nfs/straight.h"

#include <cstring>

#include "proxy/nfs/plain_fields.h"

namespace gatehouse::nfs {
namespace {

constexpr std::uint32_t kSequence = 53;
constexpr std::size_t kSessionSize = 16;
constexpr std::size_t kSequenceSize = 4 + kSessionSize + 16;
// Points that leave a call straight: none of the rules is about them, or, of state ids, not in this version.
constexpr Points kIgnored = Point::request | Point::verifier | bit(Point::program) | bit(Point::state);
constexpr Points kHandles = Point::handle | Point::room;

// Whether the operations' results, besides SEQUENCE's, have nothing that is changed.
bool results_plain(const std::array<std::uint64_t, 2>& seen) {
  static const std::array<std::uint64_t, 2> kHold = results_hold();
  return (seen[0] & kHold[0] & ~(std::uint64_t{1} << kSequence)) == 0 && (seen[1] & kHold[1]) == 0;
}

}  // namespace

std::optional<Straight> straight_call(const Rules& rules, rpc::Bytes in) {
  if (rules.keys == nullptr || !rules.bind_state || rules.bind_handles || rules.read_only) return std::nullopt;
  rpc::XdrReader r(in);
  r.opaque(kMaxTag);
  Straight out;
  const std::uint32_t minor = out.note.minor = r.u32();
  std::uint32_t left = r.u32();
  if (!r.ok() || minor == 0 || minor > kLastMinor || left == 0 || left > rules.max_operations) return std::nullopt;
  if (r.rest().size() < kSequenceSize || r.u32() != kSequence) return std::nullopt;
  out.session = in.size() - r.rest().size();
  std::array<std::uint64_t, 2> seen{};
  PlainFields fields(in, out.session + kSequenceSize - 4, ~(kIgnored | kHandles));
  while (--left > 0) {
    const std::uint32_t number = fields.word();
    if (number < kFirstOperation || number > kLastOperation || first_minor(number) > minor) return std::nullopt;
    seen[number / 64] |= std::uint64_t{1} << number % 64;
    const Shape& shape = *arguments_of(number);
    if (!fields.skip(shape.first, shape.count)) return std::nullopt;
  }
  if (!fields.at_end()) return std::nullopt;
  out.note.session_alone = results_plain(seen);
  return out;
}

std::optional<Straight> straight_reply(rpc::Bytes in) {
  rpc::XdrReader r(in);
  const bool good = r.u32() == 0;
  r.opaque(kMaxTag);
  const bool some = r.u32() > 0;
  const bool sequence = r.u32() == kSequence && r.u32() == 0;
  if (!r.ok() || !good || !some || !sequence || r.rest().size() < kSessionSize) return std::nullopt;
  return Straight{in.size() - r.rest().size(), {}};
}

void change_session(const GuestKeys& keys, bool to_server, SessionId id, SessionMemo* memo) {
  if (memo != nullptr && memo->known && std::memcmp(id.data(), memo->from.data(), id.size()) == 0) {
    std::memcpy(id.data(), memo->to.data(), id.size());
    return;
  }
  if (memo != nullptr) std::memcpy(memo->from.data(), id.data(), id.size());
  to_server ? keys.session_to_server(id) : keys.session_to_guest(id);
  if (memo == nullptr) return;
  std::memcpy(memo->to.data(), id.data(), id.size());
  memo->known = true;
}

}  // namespace gatehouse::nfs
