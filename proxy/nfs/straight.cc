#include "proxy/nfs/straight.h"

#include <cstring>

#include "proxy/nfs/plain_fields.h"

namespace gatehouse::nfs {
namespace {

constexpr std::uint32_t kSequence = 53;
constexpr Field kTag = opaque(kMaxTag);
constexpr Field kSequenceArguments = fixed(kSessionSize + 16);
// Points that leave a call straight: none of the rules is about them, or, of state ids, not in this version.
constexpr Points kIgnored = Point::request | Point::verifier | bit(Point::program) | bit(Point::state);
constexpr Points kHandles = Point::handle | Point::room;

// Whether the operations' results, besides SEQUENCE's, have nothing that is changed.
bool results_plain(const std::array<std::uint64_t, 2>& seen) {
  const std::array<std::uint64_t, 2> hold = results_hold();
  return (seen[0] & hold[0] & ~(std::uint64_t{1} << kSequence)) == 0 && (seen[1] & hold[1]) == 0;
}

}  // namespace

std::size_t straight_call(const Rules& rules, rpc::Bytes in, CallNote& note) {
  if (rules.keys == nullptr || !rules.bind_state || rules.bind_handles || rules.read_only) return 0;
  PlainFields fields(in, ~(kIgnored | kHandles));
  if (!fields.skip(&kTag, 1)) return 0;
  const std::uint32_t minor = fields.word();
  std::uint32_t left = fields.word();
  if (minor == 0 || minor > kLastMinor || left == 0 || left > rules.max_operations) return 0;
  if (fields.word() != kSequence) return 0;
  const std::size_t session = fields.at();
  if (!fields.skip(&kSequenceArguments, 1)) return 0;
  std::array<std::uint64_t, 2> seen{};
  while (--left > 0) {
    const std::uint32_t number = fields.word();
    if (number < kFirstOperation || number > kLastOperation || first_minor(number) > minor) return 0;
    seen[number / 64] |= std::uint64_t{1} << number % 64;
    const Shape& shape = *arguments_of(number);
    if (!fields.skip(shape.first, shape.count)) return 0;
  }
  if (!fields.at_end()) return 0;
  note = {.minor = minor, .cut = {}, .session_alone = results_plain(seen)};
  return session;
}

std::size_t straight_reply(rpc::Bytes in) {
  PlainFields fields(in, 0);
  if (fields.word() != 0 || !fields.skip(&kTag, 1)) return 0;
  const bool some = fields.word() > 0;
  if (!some || fields.word() != kSequence || fields.word() != 0) return 0;
  const std::size_t session = fields.at();
  return session + kSessionSize <= in.size() ? session : 0;
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
