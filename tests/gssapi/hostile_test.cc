// Tokens that are not as they were made: libgssapi and we say the same of each.
#include <algorithm>

#include "tests/gssapi/scene.h"
#include "tests/support/catch.h"

using namespace gatehouse;
using namespace gatehouse::test;
using gss::TokenFault;

TEST_CASE("a changed, cut or longer sealed token is refused here whenever libgssapi refuses it [G4]", "[hostile]") {
  each_scene([](Scene& s) {
    std::size_t refused = 0, taken = 0;
    for (const std::size_t n : std::initializer_list<std::size_t>{0, 1, 16, 100}) {
      // The same plaintext under either side's key: what was changed is at the same place.
      const auto theirs = mutants(s.theirs.wrap(message(n))), ours = mutants(seal(*s.ours, message(n), 7));
      REQUIRE(theirs.size() == ours.size());
      for (std::size_t i = 0; i < ours.size(); ++i) {
        CAPTURE(n, i);
        const auto here = open(*s.ours, theirs[i]), there = s.theirs.unwrap(ours[i]);
        CHECK(here.has_value() == there.has_value());
        if (here) CHECK(std::ranges::equal(*here, message(n)));
        ++(here ? taken : refused);
      }
    }
    // Taken is what was changed in the one thing that nothing protects: an RRC that comes to the same.
    CHECK(refused > 1000);
    CHECK(taken < 10);
  });
}

TEST_CASE("a changed, cut or longer MIC is refused here and by libgssapi [G4]", "[hostile]") {
  each_scene([](Scene& s) {
    for (const std::size_t n : std::initializer_list<std::size_t>{0, 1, 100}) {
      for (const Octets& token : mutants(s.theirs.get_mic(message(n))))
        CHECK_FALSE(s.ours->verify_mic(message(n), token));
      for (const Octets& token : mutants(mic(*s.ours, message(n), 7)))
        CHECK_FALSE(s.theirs.verify_mic(message(n), token));
    }
  });
}

TEST_CASE("a token that only shows integrity is not taken for a sealed one [G4]", "[hostile]") {
  each_scene([](Scene& s) {
    for (const std::size_t n : std::initializer_list<std::size_t>{0, 1, 100, 5000}) {
      Octets token = s.theirs.wrap(message(n), false);
      CHECK(s.ours->unwrap(token) == std::unexpected(TokenFault::not_sealed));
    }
  });
}

TEST_CASE("our own tokens sent back are refused, by us and by libgssapi [G4]", "[hostile]") {
  each_scene([](Scene& s) {
    Octets sealed = seal(*s.ours, message(100), 7);
    CHECK(s.ours->unwrap(sealed) == std::unexpected(TokenFault::wrong_direction));
    CHECK(s.ours->verify_mic(message(100), mic(*s.ours, message(100), 7)) ==
          std::unexpected(TokenFault::wrong_direction));
    CHECK_FALSE(s.theirs.unwrap(s.theirs.wrap(message(100))));
    CHECK_FALSE(s.theirs.verify_mic(message(100), s.theirs.get_mic(message(100))));
  });
}

TEST_CASE("tokens of another context are refused [G4]", "[hostile]") {
  for (const Role role : {Role::acceptor, Role::initiator}) {
    Scene one = open_scene(role, true), other = open_scene(role, true);
    CHECK_FALSE(open(*one.ours, other.theirs.wrap(message(100))));
    CHECK(one.ours->verify_mic(message(100), other.theirs.get_mic(message(100))) ==
          std::unexpected(TokenFault::bad_mic));
  }
}
