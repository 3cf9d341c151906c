// COMPOUNDs through their rewrite, and the pieces they are made of, for tests.
#pragma once

#include <string>

#include "proxy/nfs/rewrite.h"
#include "tests/unit/proxy/nfs/ids.h"
#include "tests/unit/proxy/nfs/samples.h"

namespace gatehouse::test {

using Text = std::vector<std::uint8_t>;

/// Outcome: what a rewrite said, and its output.
struct Outcome {
  nfs::Rewritten what;
  Text out;
};

/// rewrite: with room, and over the message itself: where the size allows that, the same comes out.
inline Outcome rewrite(const nfs::Rules& rules, nfs::Message message, nfs::CallNote& note, const Text& in) {
  Text out(in.size() + growth(rules, message, in.size()));
  nfs::Rewrite r(rules, message, note, in, out);
  const nfs::Rewritten what = r.run();
  out.resize(what == nfs::Rewritten::same ? 0 : r.size());
  Text over = in;
  nfs::CallNote again = note;
  nfs::Rewrite in_place(rules, message, again, over, over);
  if (in_place.run() != nfs::Rewritten::no_room) {
    over.resize(in_place.size());
    CHECK(over == out);
  }
  return {what, out};
}

inline Outcome call(const nfs::Rules& rules, const Text& in) {
  nfs::CallNote note;
  return rewrite(rules, nfs::Message::call, note, in);
}
/// reply: to a call of version 4.2 that was not cut, unless `note` says another.
inline Outcome reply(const nfs::Rules& rules, const Text& in, nfs::CallNote note = {2, {}}) {
  return rewrite(rules, nfs::Message::reply, note, in);
}

inline const std::array<std::uint8_t, 16> kServers = from_hex<16>("5f000000000000010000000700000000");
inline const Words kPutRootFh = Words().u32({24});
inline const Words kPutRootFhDone = Words().u32({24, 0});
inline const Words kRemove = Words().u32({28}).opaque("name");

/// session_words: a session id.
inline Words session_words(const std::array<std::uint8_t, 16>& id) {
  Words out;
  for (std::size_t i = 0; i < 16; i += 4)
    out.u32({std::uint32_t{id[i]} << 24 | std::uint32_t{id[i + 1]} << 16 | std::uint32_t{id[i + 2]} << 8 | id[i + 3]});
  return out;
}
/// sequence_of: SEQUENCE with that session.
inline Words sequence_of(const std::array<std::uint8_t, 16>& id) {
  return Words().u32({53}).add(session_words(id)).u32({1, 0, 0, 0});
}
/// shown_to: kServers as that guest sees it.
inline std::array<std::uint8_t, 16> shown_to(const nfs::GuestKeys& keys) {
  auto id = kServers;
  keys.session_to_guest(id);
  return id;
}

}  // namespace gatehouse::test
