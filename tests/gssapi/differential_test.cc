// What one side makes the other takes, at every length, in both directions.
#include <algorithm>

#include "tests/gssapi/scene.h"
#include "tests/support/catch.h"

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

// A plain comparison: an assertion of Catch for each of 10 000 buffers of up to 1 MiB would print them.
bool same(const std::optional<Octets>& got, rpc::Bytes wanted) {
  return got.has_value() && std::ranges::equal(*got, wanted);
}

}  // namespace

TEST_CASE("what libgssapi seals opens here [G4]", "[seal]") {
  each_scene([](Scene& s) {
    for (const std::size_t n : lengths()) {
      CAPTURE(n);
      if (!same(open(*s.ours, s.theirs.wrap(message(n))), message(n))) FAIL("not the message");
    }
  });
}

TEST_CASE("what is sealed here libgssapi opens [G4]", "[seal]") {
  each_scene([](Scene& s) {
    std::uint64_t seq = s.key.send_seq;
    for (const std::size_t n : lengths()) {
      CAPTURE(n);
      if (!same(s.theirs.unwrap(seal(*s.ours, message(n), seq++)), message(n))) FAIL("not the message");
    }
  });
}

TEST_CASE("what libgssapi signs is taken here, and for no other message [G4]", "[sign]") {
  each_scene([](Scene& s) {
    for (const std::size_t n : lengths()) {
      CAPTURE(n);
      const Octets token = s.theirs.get_mic(message(n));
      if (!s.ours->verify_mic(message(n), token)) FAIL("refused");
      if (s.ours->verify_mic(message(n + 1), token)) FAIL("taken for a longer message");
    }
  });
}

TEST_CASE("what is signed here libgssapi takes, and for no other message [G4]", "[sign]") {
  each_scene([](Scene& s) {
    std::uint64_t seq = s.key.send_seq;
    for (const std::size_t n : lengths()) {
      CAPTURE(n);
      const Octets token = mic(*s.ours, message(n), seq++);
      if (!s.theirs.verify_mic(message(n), token)) FAIL("refused");
      if (s.theirs.verify_mic(message(n + 1), token)) FAIL("taken for a longer message");
    }
  });
}

TEST_CASE("tokens made here have the length and the header of libgssapi's [G4]", "[sign]") {
  each_scene([](Scene& s) {
    const Octets ours = mic(*s.ours, message(9), s.key.send_seq), sealed = seal(*s.ours, message(9), s.key.send_seq);
    // Of the same context in libgssapi: made by the other side, so that the flag of direction differs.
    Octets theirs = s.theirs.get_mic(message(9)), theirs_sealed = s.theirs.wrap(message(9));
    theirs[2] ^= 1;
    theirs_sealed[2] ^= 1;
    CHECK(ours.size() == theirs.size());
    CHECK(sealed.size() == theirs_sealed.size());
    CHECK(std::equal(ours.begin(), ours.begin() + 8, theirs.begin()));
    CHECK(std::equal(sealed.begin(), sealed.begin() + 8, theirs_sealed.begin()));
  });
}

TEST_CASE("a token of libgssapi opens here whatever its RRC, as in libgssapi [G4]", "[seal]") {
  each_scene([](Scene& s) {
    for (const std::size_t n : std::initializer_list<std::size_t>{0, 1, 15, 16, 17, 100, 300, 5000}) {
      const Octets theirs = s.theirs.wrap(message(n)), ours = seal(*s.ours, message(n), 7);
      const auto body = static_cast<std::uint16_t>(theirs.size() - Protection::kTokenHeader);
      for (const std::uint16_t count : {std::uint16_t{0}, std::uint16_t{1}, std::uint16_t{28}, std::uint16_t{127},
                                        std::uint16_t{128}, std::uint16_t{129}, static_cast<std::uint16_t>(body - 1),
                                        body, static_cast<std::uint16_t>(body + 1), std::uint16_t{65535}}) {
        CAPTURE(n, count);
        CHECK(same(open(*s.ours, with_rotation(theirs, count)), message(n)));
        CHECK(same(s.theirs.unwrap(with_rotation(ours, count)), message(n)));
      }
    }
  });
}
