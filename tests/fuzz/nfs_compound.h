// What holds for any bytes that are taken for an NFSv4 COMPOUND, of each kind.
#pragma once

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include "proxy/nfs/straight.h"
#include "tests/fuzz/target.h"

namespace gatehouse::fuzz {

struct Walked {
  nfs::Walk how = nfs::Walk::done;
  std::vector<nfs::Spot> spots;
  nfs::Facts facts;
};

/// walk_all: a walk to its end, `room` spots at a time.
inline Walked walk_all(nfs::Message message, rpc::Bytes body, nfs::Points wanted, std::size_t room) {
  nfs::Walker walker(message, body, wanted);
  Walked out;
  std::vector<nfs::Spot> spots(room);
  do {
    std::size_t count = 0;
    out.how = walker.walk(spots, count);
    out.spots.insert(out.spots.end(), spots.begin(), spots.begin() + static_cast<std::ptrdiff_t>(count));
  } while (out.how == nfs::Walk::spots_full);
  out.facts = walker.facts();
  return out;
}

inline bool same(const nfs::Spot& a, const nfs::Spot& b) {
  return a.point == b.point && a.index == b.index && a.offset == b.offset && a.length == b.length;
}

/// check_walk: spots lie in the message one behind the other, and do not depend on how many are taken at a time; what
/// is not asked for changes nothing; a message that is taken ends where it ends.
inline void check_walk(nfs::Message message, rpc::Bytes body) {
  const nfs::Points all = ~nfs::Points{0} & ~nfs::bit(nfs::Point::handle);
  const Walked many = walk_all(message, body, all, 64), one = walk_all(message, body, all, 1);
  const Walked none = walk_all(message, body, 0, 0);
  expect(many.how == one.how && many.how == none.how, "the walk does not depend on what is looked for");
  expect(std::ranges::equal(many.spots, one.spots, same), "nor on how much is taken at a time");
  std::size_t at = 0;
  for (const nfs::Spot& s : many.spots) {
    expect(s.offset >= at && s.length <= body.size() - s.offset, "spots lie in the message, one behind the other");
    at = s.offset + s.length;
  }
  walk_all(message, body, ~nfs::Points{0}, 3);  // attributes too
  if (many.how != nfs::Walk::done) return;
  expect(many.facts.operations == 0 || many.facts.at.index + 1 == many.facts.operations,
         "as many operations as counted");
  std::vector<std::uint8_t> longer(body.begin(), body.end());
  longer.resize(body.size() + 4);
  expect(walk_all(message, longer, 0, 0).how == nfs::Walk::malformed, "nothing may follow");
  const std::size_t less = Dice(body).below(body.size());
  expect(walk_all(message, body.first(less), 0, 0).how != nfs::Walk::done, "all of it is needed");
}

/// check_rewrite: what comes out of a rewrite is a message again, the same over the message itself where there is room;
/// without rules nothing changes.
inline void check_rewrite(nfs::Message message, rpc::Bytes body, const nfs::Rules& rules) {
  nfs::CallNote note;
  std::vector<std::uint8_t> out(body.size() + nfs::growth(rules, message, body.size()) + 4096);
  nfs::Rewrite r(rules, message, note, body, out);
  const nfs::Rewritten what = r.run();
  expect(what != nfs::Rewritten::part || r.bulk_left() > 0, "a part has more to come");
  if (what == nfs::Rewritten::changed) {
    const rpc::Bytes result = rpc::Bytes(out).first(r.size());
    const nfs::Walk how = walk_all(message, result, 0, 0).how;
    expect(how == nfs::Walk::done || (rules.pass_unknown && how == nfs::Walk::unknown_operation),
           "what is changed is a message");
  }
  if (what == nfs::Rewritten::answered)
    expect(walk_all(nfs::Message::reply, rpc::Bytes(out).first(r.size()), 0, 0).how == nfs::Walk::done,
           "what is answered is a reply");
  std::vector<std::uint8_t> over(body.begin(), body.end());
  nfs::Rewrite in_place(rules, message, note, over, over);
  if (in_place.run() == nfs::Rewritten::changed && what == nfs::Rewritten::changed)
    expect(std::equal(over.begin(), over.begin() + static_cast<std::ptrdiff_t>(in_place.size()), out.begin(),
                      out.begin() + static_cast<std::ptrdiff_t>(r.size())),
           "over itself the same comes out");
  static const nfs::Rules kNoRules;
  note = {};
  nfs::Rewrite idle(kNoRules, message, note, body, out);
  const nfs::Rewritten untouched = idle.run();
  expect(untouched != nfs::Rewritten::changed || message == nfs::Message::call, "without rules nothing changes");
}

/// Keys: a guest's keys, from a secret that is known.
struct Keys : nfs::GuestKeys {
  Keys() {
    std::array<std::uint8_t, nfs::kSecretSize> secret;
    std::iota(secret.begin(), secret.end(), std::uint8_t{0});
    expect(derive(secret, "guest"), "keys are derived");
  }
};

/// check_straight: the short way comes to what the long one does, or leaves it the message.
inline void check_straight(rpc::Bytes body, const nfs::Rules& rules) {
  nfs::CallNote short_note;
  const std::size_t session = nfs::straight_call(rules, body, short_note);
  if (session == 0) return;
  nfs::CallNote note;
  std::vector<std::uint8_t> out(body.size());
  nfs::Rewrite r(rules, nfs::Message::call, note, body, out);
  expect(r.run() == nfs::Rewritten::changed && r.size() == body.size(), "the session id is changed, in its size");
  expect(note.minor == short_note.minor && note.cut == nfs::Cut{}, "with the same note");
  std::vector<std::uint8_t> patched(body.begin(), body.end());
  nfs::change_session(*rules.keys, true, nfs::SessionId(patched.data() + session, 16), nullptr);
  expect(patched == out, "and nothing else");
}

/// check: a message of the kind, under no rules, all rules, and those that change no sizes.
inline void check(nfs::Message message, rpc::Bytes body) {
  static const Keys kKeys;
  static constexpr std::array kFlavors = {nfs::Flavor::krb5p, nfs::Flavor::sys};
  const nfs::Rules ids{.keys = &kKeys, .pass_unknown = true};
  const nfs::Rules all{.guest = "guest",
                       .keys = &kKeys,
                       .bind_handles = true,
                       .neutral_callbacks = true,
                       .no_state_protection = true,
                       .read_only = true,
                       .flavors = kFlavors};
  check_walk(message, body);
  check_rewrite(message, body, ids);
  check_rewrite(message, body, all);
  if (message != nfs::Message::call) return;
  const nfs::Rules usual{
      .guest = "guest", .keys = &kKeys, .neutral_callbacks = true, .no_state_protection = true, .flavors = kFlavors};
  check_straight(body, usual);
}

}  // namespace gatehouse::fuzz
