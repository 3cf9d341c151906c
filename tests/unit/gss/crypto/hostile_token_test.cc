// Tokens as an attacker makes them, without the key and with it.
#include <random>

#include "tests/unit/gss/crypto/tokens.h"

using namespace gatehouse;
using namespace gatehouse::gss;
using namespace gatehouse::test;

namespace {

constexpr std::uint8_t kBySealed = 2;

bool zero(std::span<const std::uint8_t> b) {
  return std::ranges::all_of(b, [](std::uint8_t x) { return x == 0; });
}

// After anything hostile the context goes on.
void check_goes_on(Sides& sides) {
  CHECK(opened(*sides.acceptor, seal(*sides.initiator, counting(33))) == counting(33));
  CHECK(sides.acceptor->verify_mic(counting(33), sign(*sides.initiator, counting(33))));
}

}  // namespace

//= rfc3961#5.3
//# a message whose checksum is wrong is an error and nothing of it is shown
TEST_CASE("a sealed token with any byte changed is refused, and nothing of its plaintext stays [G4]") {
  for (const std::uint32_t enctype : kEnctypes) {
    Sides sides(enctype);
    for (const std::size_t n : std::initializer_list<std::size_t>{0, 5, 16, 100}) {
      const Buffer token = seal(*sides.initiator, counting(n));
      for (std::size_t at = 0; at < token.size(); ++at)
        for (const std::uint8_t change : std::initializer_list<std::uint8_t>{0x01, 0x10, 0x80, 0xff}) {
          Buffer changed = token;
          changed[at] ^= change;
          CAPTURE(enctype, n, at, change);
          const Buffer sent = changed;
          const bool rrc = at == 6 || at == 7;
          const bool same_rotation = rrc && (changed[6] << 8 | changed[7]) % static_cast<int>(token.size() - 16) == 0;
          CHECK(sides.acceptor->unwrap(changed).has_value() == same_rotation);
          if (rrc) continue;
          // Never decrypted, or wiped.
          const auto text = std::span(changed).subspan(16, token.size() - sides.acceptor->mic_size());
          CHECK((changed == sent || zero(text)));
          if (at >= 16) CHECK((changed == sent) == (enctype >= 19));
        }
    }
    check_goes_on(sides);
  }
}

TEST_CASE("a sealed token cut at any length, or longer, is refused [G4]") {
  for (const std::uint32_t enctype : kEnctypes) {
    Sides sides(enctype);
    for (const std::size_t n : std::initializer_list<std::size_t>{0, 1, 16, 100}) {
      Buffer token = seal(*sides.initiator, counting(n));
      for (std::size_t size = 0; size < token.size(); ++size) {
        // A buffer of exactly that size, so that the sanitizer sees a byte read behind it.
        const auto result =
            opened(*sides.acceptor, Buffer(token.begin(), token.begin() + static_cast<std::ptrdiff_t>(size)));
        const bool short_of_least = size < sides.acceptor->wrap_head() + sides.acceptor->wrap_tail();
        CHECK(result == std::unexpected(short_of_least ? TokenFault::defective : TokenFault::bad_mic));
      }
      token.push_back(0);
      CHECK(opened(*sides.acceptor, token) == std::unexpected(TokenFault::bad_mic));
    }
    check_goes_on(sides);
  }
}

TEST_CASE("a MIC with any byte changed, cut at any length, or longer, is refused [G4]") {
  for (const std::uint32_t enctype : kEnctypes) {
    Sides sides(enctype);
    const Buffer message = counting(40), token = sign(*sides.initiator, message);
    for (std::size_t at = 0; at < token.size(); ++at)
      for (int change = 1; change < 0x100; ++change) {
        Buffer changed = token;
        changed[at] ^= static_cast<std::uint8_t>(change);
        CHECK_FALSE(sides.acceptor->verify_mic(message, changed));
      }
    for (std::size_t size = 0; size < token.size(); ++size) {
      const Buffer cut(token.begin(), token.begin() + static_cast<std::ptrdiff_t>(size));
      CHECK(sides.acceptor->verify_mic(message, cut) == std::unexpected(TokenFault::defective));
    }
    Buffer longer = token;
    longer.push_back(0);
    CHECK(sides.acceptor->verify_mic(message, longer) == std::unexpected(TokenFault::defective));
    check_goes_on(sides);
  }
}

//= rfc4121#4.2.2
//# a token whose SentByAcceptor flag is not the peer's role is refused; undefined flags are ignored
TEST_CASE("reflected tokens are refused, undefined flags and AcceptorSubkey are not looked at [G4]") {
  for (const std::uint32_t enctype : kEnctypes) {
    Sides sides(enctype);
    CHECK(opened(*sides.acceptor, seal(*sides.acceptor, counting(9))) == std::unexpected(TokenFault::wrong_direction));
    CHECK(opened(*sides.initiator, seal(*sides.initiator, counting(9))) ==
          std::unexpected(TokenFault::wrong_direction));
    CHECK(sides.acceptor->verify_mic(counting(9), sign(*sides.acceptor, counting(9))) ==
          std::unexpected(TokenFault::wrong_direction));
    CHECK(sides.initiator->verify_mic(counting(9), sign(*sides.initiator, counting(9))) ==
          std::unexpected(TokenFault::wrong_direction));
    for (int flags = 0; flags < 0x100; ++flags) {
      const Buffer h = header(static_cast<std::uint8_t>(flags), 0, 0);
      const auto result = opened(*sides.acceptor, sealed_by(sides.key, h, counting(9), h));
      CAPTURE(enctype, flags);
      if ((flags & kSentByAcceptor) != 0) {
        CHECK(result == std::unexpected(TokenFault::wrong_direction));
      } else if ((flags & kSealed) == 0) {
        CHECK(result == std::unexpected(TokenFault::not_sealed));
      } else {
        CHECK(result == counting(9));
      }
    }
  }
}

TEST_CASE("a wrap token without the Sealed flag is not taken, whatever its length [G4]") {
  for (const std::uint32_t enctype : kEnctypes) {
    Sides sides(enctype);
    for (std::size_t n = 0; n < 100; ++n)
      CHECK(opened(*sides.acceptor, together({header(0, 12, 0), counting(n)})) ==
            std::unexpected(TokenFault::not_sealed));
  }
}

TEST_CASE("ids and fillers that are not RFC 4121's are refused [G4]") {
  for (const std::uint32_t enctype : kEnctypes) {
    Sides sides(enctype);
    const Buffer message = counting(20), mic = sign(*sides.initiator, message), token = seal(*sides.initiator, message);
    CHECK(sides.acceptor->verify_mic(message, token) == std::unexpected(TokenFault::defective));
    CHECK(opened(*sides.acceptor, mic) == std::unexpected(TokenFault::defective));
    for (const std::size_t at : std::initializer_list<std::size_t>{0, 1, 3, 4, 5, 6, 7}) {
      Buffer changed = mic;
      changed[at] ^= 0x40;
      CHECK(sides.acceptor->verify_mic(message, changed) == std::unexpected(TokenFault::defective));
    }
    // The framed form of RFC 1964 and RFC 2743 is not taken either.
    CHECK(opened(*sides.acceptor, together({hex("6045 0609 2a864886f712010202"), token})) ==
          std::unexpected(TokenFault::defective));
  }
}

//= rfc4121#4.2.5
//# RRC may be any number: it is taken modulo the length of what follows the header
TEST_CASE("a token opens whatever its RRC, and no RRC reads or writes outside of it [G4]") {
  for (const std::uint32_t enctype : kEnctypes) {
    Sides sides(enctype);
    for (const std::size_t n : std::initializer_list<std::size_t>{0, 1, 16, 100, 1000}) {
      const Buffer token = seal(*sides.initiator, counting(n));
      const std::size_t length = token.size() - 16;
      for (const std::size_t count :
           {std::size_t{0}, std::size_t{1}, std::size_t{28}, length - 1, length, length + 1, std::size_t{65535}}) {
        CAPTURE(enctype, n, count);
        CHECK(opened(*sides.acceptor, rotated(token, count)) == counting(n));
        Buffer lied = token;
        lied[6] = static_cast<std::uint8_t>(count >> 8);
        lied[7] = static_cast<std::uint8_t>(count);
        CHECK(opened(*sides.acceptor, lied).has_value() == (count % length == 0));
      }
    }
    check_goes_on(sides);
  }
}

TEST_CASE("rotation is the same as moving byte by byte, for any length and count [G4]") {
  std::mt19937 dice(4121);
  for (int round = 0; round < 3000; ++round) {
    Buffer bytes(dice() % 700);
    for (std::uint8_t& b : bytes) b = static_cast<std::uint8_t>(dice());
    const std::size_t count = round % 2 == 0 ? dice() % 65536 : dice() % 140;
    Buffer wanted(bytes.size());
    for (std::size_t i = 0; i < bytes.size(); ++i) wanted[i] = bytes[(i + count) % bytes.size()];
    rotate_left(bytes, count);
    CHECK(bytes == wanted);
  }
}

//= rfc4121#4.2.3
//# EC is the number of filler bytes behind the plaintext: the open one, which anybody can change, is never relied on
TEST_CASE("EC takes filler away, never more than there is [G4]") {
  for (const std::uint32_t enctype : kEnctypes) {
    Sides sides(enctype);
    for (const std::size_t extra : std::initializer_list<std::size_t>{0, 1, 16, 65535})
      for (const std::size_t inside :
           {std::size_t{0}, std::size_t{1}, extra - std::min<std::size_t>(extra, 1), extra, extra + 9}) {
        const Buffer h = header(kBySealed, static_cast<std::uint16_t>(extra), 0);
        CAPTURE(enctype, extra, inside);
        const auto result = opened(*sides.acceptor, sealed_by(sides.key, h, counting(inside), h));
        if (inside < extra) {
          CHECK(result == std::unexpected(TokenFault::defective));
        } else {
          CHECK(result == counting(inside - extra));
        }
      }
    check_goes_on(sides);
  }
}

//= rfc4121#4.2.4
//# the header sealed in a wrap token is compared with the open one, RRC apart, before the plaintext is used
TEST_CASE("a token whose open header differs from the sealed one is refused, though its checksum is right [G4]") {
  for (const std::uint32_t enctype : kEnctypes) {
    Sides sides(enctype);
    const Buffer right = header(kBySealed, 4, 0);
    for (std::size_t at = 0; at < right.size(); ++at) {
      CAPTURE(enctype, at);
      Buffer wrong = right;
      wrong[at] ^= 4;  // a flag that does not matter, one filler byte less, another number
      const bool rrc = at == 6 || at == 7;
      const auto copy_differs = opened(*sides.acceptor, sealed_by(sides.key, right, counting(60), wrong));
      const auto open_differs = opened(*sides.acceptor, sealed_by(sides.key, wrong, counting(60), right));
      if (rrc) {
        CHECK(copy_differs == counting(56));
      } else {
        CHECK(copy_differs == std::unexpected(TokenFault::defective));
        CHECK(open_differs == std::unexpected(TokenFault::defective));
      }
    }
    // CVE-2024-37370: a larger open EC would cut the message.
    Buffer token = sealed_by(sides.key, header(kBySealed, 30, 0), counting(60), header(kBySealed, 0, 0));
    CHECK(sides.acceptor->unwrap(token) == std::unexpected(TokenFault::defective));
    CHECK(zero(std::span(token).subspan(16, token.size() - sides.acceptor->mic_size())));
    check_goes_on(sides);
  }
}

//= rfc8009#5
//# the checksum of a sealed message is verified before anything of it is decrypted
TEST_CASE("with RFC 8009 nothing is decrypted whose checksum is wrong [G4]") {
  for (const std::uint32_t enctype : {19U, 20U}) {
    Sides sides(enctype);
    for (const std::size_t n : std::initializer_list<std::size_t>{0, 100, 100000}) {
      Buffer token = seal(*sides.initiator, counting(n));
      token.back() ^= 1;
      const Buffer sent = token;
      CHECK(sides.acceptor->unwrap(token) == std::unexpected(TokenFault::bad_mic));
      CHECK(token == sent);
    }
    check_goes_on(sides);
  }
}

TEST_CASE("noise of any length is refused [G4]") {
  std::mt19937 dice(1);
  for (const std::uint32_t enctype : kEnctypes) {
    Sides sides(enctype);
    for (int round = 0; round < 2000; ++round) {
      Buffer noise(dice() % 200);
      for (std::uint8_t& b : noise) b = static_cast<std::uint8_t>(dice());
      if (round % 2 == 0 && noise.size() >= 4) std::ranges::copy(hex("050402ff"), noise.begin());
      CHECK_FALSE(sides.acceptor->verify_mic(noise, noise));
      CHECK_FALSE(sides.acceptor->unwrap(noise));
    }
    check_goes_on(sides);
  }
}

TEST_CASE("each fault of a token has a word of its own [G4]") {
  std::vector<std::string_view> words;
  for (const TokenFault f :
       {TokenFault::defective, TokenFault::wrong_direction, TokenFault::not_sealed, TokenFault::bad_mic})
    words.push_back(token_fault_word(f));
  std::ranges::sort(words);
  CHECK(std::ranges::adjacent_find(words) == words.end());
}
