#include "gss/crypto/seal.h"

#include <random>

#include "tests/support/catch.h"
#include "tests/unit/gss/crypto/hex.h"

using namespace gatehouse;
using namespace gatehouse::gss;
using namespace gatehouse::test;

namespace {

constexpr std::uint32_t kEnctypes[] = {17, 18, 19, 20};

Buffer noise(std::size_t n, std::mt19937& dice) {
  Buffer out(n);
  for (std::uint8_t& b : out) b = static_cast<std::uint8_t>(dice());
  return out;
}

// The same keys three times: in one pass where the processor can, in two through OpenSSL, and the way back.
struct Three {
  const Suite& suite;
  Sealer one_pass, two_passes;
  Opener opener;

  Three(std::uint32_t enctype, std::mt19937& dice) : suite(*suite_of(enctype)) {
    const Buffer ke = noise(suite.key, dice), ki = noise(suite.mac_key, dice);
    REQUIRE(one_pass.set_keys(suite, {ke, ki}));
    REQUIRE(two_passes.set_keys(suite, {ke, ki}, false));
    REQUIRE(opener.set_keys(suite, {ke, ki}));
  }

  // A plain comparison: Catch would print what is up to a megabyte.
  bool agree(const Buffer& plain) {
    Buffer a = plain, b = plain, mac_a(suite.mac), mac_b(suite.mac);
    if (!one_pass.seal(a, mac_a) || !two_passes.seal(b, mac_b)) return false;
    return a == b && mac_a == mac_b && opener.open(a, mac_a) && a == plain;
  }
};

std::vector<std::size_t> lengths(std::mt19937& dice) {
  std::vector<std::size_t> out;
  for (std::size_t n = 16; n <= 400; ++n) out.push_back(n);
  for (const std::size_t about :
       {std::size_t{1} << 14, std::size_t{1} << 15, std::size_t{1} << 16, std::size_t{1} << 20})
    for (std::size_t n = about - 70; n <= about + 70; n += about > 100000 ? 13 : 1) out.push_back(n);
  for (int i = 0; i < 300; ++i) out.push_back(16 + dice() % 5000);
  return out;
}

}  // namespace

//= rfc3961#5.3
//# the checksum of a sealed message is of confounder and plaintext, and goes after the ciphertext
TEST_CASE("one pass over a message seals it as two passes through OpenSSL do, and it opens again [G4]") {
  std::mt19937 dice(3961);
  for (const std::uint32_t enctype : kEnctypes) {
    Three three(enctype, dice);
    for (const std::size_t n : lengths(dice)) {
      CAPTURE(enctype, n);
      if (!three.agree(noise(n, dice))) FAIL("they differ");
    }
    for (int round = 0; round < 200; ++round) {
      CAPTURE(enctype, round);
      if (!Three(enctype, dice).agree(noise(300, dice))) FAIL("they differ with another key");
    }
  }
}

TEST_CASE("sealing writes to the text and the checksum and nowhere else [G4]") {
  std::mt19937 dice(1);
  for (const std::uint32_t enctype : kEnctypes) {
    Three three(enctype, dice);
    for (const std::size_t n : std::initializer_list<std::size_t>{16, 17, 100, 255, 1000}) {
      Buffer around(n + 128, 0xee);
      Buffer mac(three.suite.mac);
      REQUIRE(three.one_pass.seal(std::span(around).subspan(64, n), mac));
      REQUIRE(three.opener.open(std::span(around).subspan(64, n), mac));
      CHECK(around == Buffer(n + 128, 0xee));
    }
  }
}

TEST_CASE("less than a block is neither sealed nor opened [G4]") {
  std::mt19937 dice(2);
  for (const std::uint32_t enctype : kEnctypes) {
    Three three(enctype, dice);
    for (std::size_t n = 0; n < 16; ++n) {
      Buffer text(n), mac(three.suite.mac);
      CHECK_FALSE(three.one_pass.seal(text, mac));
      CHECK_FALSE(three.two_passes.seal(text, mac));
      CHECK_FALSE(three.opener.open(text, mac));
    }
  }
}
