#include "gss/crypto/protection.h"

#include <set>

#include "gss/crypto/confounder.h"
#include "tests/unit/gss/crypto/tokens.h"

using namespace gatehouse;
using namespace gatehouse::gss;
using namespace gatehouse::test;

namespace {

constexpr std::size_t kLengths[] = {0,    1,     3,     4,     12,    15,    16,     17,     31,  32,
                                    33,   47,    48,    63,    64,    65,    95,     100,    127, 128,
                                    1000, 16351, 16352, 16368, 16384, 16385, 100000, 1 << 20};

}  // namespace

//= rfc4121#2
//# key usage numbers: 22 and 23 seal and sign what the acceptor makes, 24 and 25 what the initiator makes
TEST_CASE("what one side makes the other takes, in both directions and at every length [G4]") {
  for (const std::uint32_t enctype : kEnctypes) {
    Sides sides(enctype);
    for (const std::size_t n : kLengths) {
      CAPTURE(enctype, n);
      const Buffer message = counting(n);
      CHECK(opened(*sides.acceptor, seal(*sides.initiator, message)) == message);
      CHECK(opened(*sides.initiator, seal(*sides.acceptor, message)) == message);
      CHECK(sides.acceptor->verify_mic(message, sign(*sides.initiator, message)));
      CHECK(sides.initiator->verify_mic(message, sign(*sides.acceptor, message)));
    }
  }
}

TEST_CASE("tokens have the sizes that their enctype's checksum asks for [G4]") {
  const std::size_t macs[] = {12, 12, 16, 24};
  for (std::size_t i = 0; i < std::size(macs); ++i) {
    const Sides sides(kEnctypes[i]);
    CHECK(sides.acceptor->mic_size() == 16 + macs[i]);
    CHECK(sides.acceptor->wrap_head() == 32);
    CHECK(sides.acceptor->wrap_tail() == 16 + macs[i]);
  }
}

//= rfc4121#4.2.6
//# a token begins with its TOK_ID, its flags and filler of 0xFF
//= rfc4121#4.2.1
//# SND_SEQ is a 64-bit number in network order
TEST_CASE("headers say who made a token, with whose key, and its number [G4]") {
  for (const std::uint32_t enctype : kEnctypes)
    for (const bool subkey : {false, true}) {
      Sides sides(enctype, subkey);
      const std::uint8_t extra = subkey ? 4 : 0;
      const auto begins = [](Buffer token, const char* front, std::uint8_t flags) {
        CHECK(token[2] == flags);
        token[2] = 0;
        CHECK(Buffer(token.begin(), token.begin() + 16) == together({hex(front), hex("fedcba9876543210")}));
      };
      constexpr std::uint64_t kSeq = 0xfedcba9876543210U;
      begins(sign(*sides.acceptor, counting(3), kSeq), "040400ffffffffff", 1 | extra);
      begins(sign(*sides.initiator, counting(3), kSeq), "040400ffffffffff", extra);
      begins(seal(*sides.acceptor, counting(3), kSeq), "050400ff00000000", 1 | 2 | extra);
      begins(seal(*sides.initiator, counting(3), kSeq), "050400ff00000000", 2 | extra);
    }
}

//= rfc4121#4.2.4
//# a MIC's checksum is of the message followed by the token's header
TEST_CASE("a MIC is its header and the HMAC, by the key of its maker's usage, of message and header [G4]") {
  for (const std::uint32_t enctype : kEnctypes) {
    Sides sides(enctype);
    const Suite& suite = *suite_of(enctype);
    const auto checked = [&](Protection& side, std::uint32_t usage) {
      const Buffer message = counting(100), token = sign(side, message);
      KeyDerivation derivation;
      Hmac hmac;
      Buffer kc(suite.mac_key), mac(suite.mac);
      REQUIRE(derivation.set_key(suite, sides.key.view()));
      REQUIRE(derivation.derive(usage, KeyKind::checksum, kc));
      REQUIRE(hmac.set_key(suite.hash, kc));
      Hmac::State state = hmac.begin();
      hmac.add(state, message);
      hmac.add(state, rpc::Bytes(token).first(16));
      hmac.finish(state, mac);
      return std::equal(mac.begin(), mac.end(), token.begin() + 16, token.end());
    };
    CHECK(checked(*sides.acceptor, 23));
    CHECK(checked(*sides.initiator, 25));
  }
}

TEST_CASE("a MIC is of one message and one header [G4]") {
  for (const std::uint32_t enctype : kEnctypes) {
    Sides sides(enctype);
    const Buffer message = counting(50), token = sign(*sides.initiator, message, 1);
    CHECK(sign(*sides.initiator, message, 1) == token);
    Buffer other = sign(*sides.initiator, message, 2);
    CHECK_FALSE(std::equal(other.begin() + 16, other.end(), token.begin() + 16));
    for (std::size_t at = 0; at < message.size(); ++at) {
      Buffer changed = message;
      changed[at] ^= 1;
      CHECK(sides.acceptor->verify_mic(changed, token) == std::unexpected(TokenFault::bad_mic));
    }
    CHECK(sides.acceptor->verify_mic(rpc::Bytes(message).first(49), token) == std::unexpected(TokenFault::bad_mic));
  }
}

//= rfc4121#4.2.4
//# a sealed wrap token is its header and the encryption of the plaintext followed by a copy of the header whose RRC is 0
TEST_CASE("a sealed message is not in its token, and sealed twice is never the same [G4]") {
  for (const std::uint32_t enctype : kEnctypes) {
    Sides sides(enctype);
    const Buffer message(100, 'm');
    std::set<Buffer> tokens;
    for (int i = 0; i < 600; ++i) {
      const Buffer token = seal(*sides.initiator, message);
      CHECK(std::search(token.begin(), token.end(), message.begin(), message.begin() + 8) == token.end());
      // Each block's ciphertext comes from all before it: the first two blocks already differ.
      CHECK(tokens.insert(Buffer(token.begin() + 16, token.begin() + 48)).second);
    }
  }
}

TEST_CASE("confounders do not repeat [G4]") {
  std::vector<Block> drawn(10000);
  for (Block& b : drawn) REQUIRE(fresh_confounder(b));
  std::ranges::sort(drawn);
  CHECK(std::ranges::adjacent_find(drawn) == drawn.end());
  CHECK(drawn.front() != Block{});
}

TEST_CASE("several Protections of one context take each other's tokens, in any order [G4]") {
  for (const std::uint32_t enctype : kEnctypes) {
    Sides one(enctype), other(enctype);
    const Buffer first = seal(*one.initiator, counting(100)), second = seal(*other.initiator, counting(17));
    CHECK(opened(*other.acceptor, first) == counting(100));
    CHECK(opened(*other.acceptor, second) == counting(17));
    CHECK(opened(*other.acceptor, first) == counting(100));
    CHECK(opened(*one.acceptor, second) == counting(17));
  }
}

TEST_CASE("a buffer without the room that a token needs is refused [G4]") {
  for (const std::uint32_t enctype : kEnctypes) {
    Sides sides(enctype);
    Buffer small(sides.acceptor->wrap_head() + sides.acceptor->wrap_tail() - 1);
    CHECK_FALSE(sides.acceptor->wrap(small, 1));
    Buffer longer(sides.acceptor->mic_size() + 1), shorter(sides.acceptor->mic_size() - 1);
    CHECK_FALSE(sides.acceptor->get_mic(counting(1), 1, longer));
    CHECK_FALSE(sides.acceptor->get_mic(counting(1), 1, shorter));
  }
}

TEST_CASE("no Protection is made of an unknown enctype or a key of another size [G11]") {
  SessionKey key = fixed_key(18);
  key.size = 16;
  CHECK_FALSE(Protection::make(key, Role::acceptor));
  key = fixed_key(18);
  for (const std::uint32_t enctype : {0U, 1U, 3U, 16U, 23U, 25U, 26U, 0xffffffffU}) {
    key.enctype = static_cast<Enctype>(enctype);
    CHECK_FALSE(Protection::make(key, Role::acceptor));
  }
}
