#include "gss/crypto/cts.h"

#include <random>

#include "tests/support/catch.h"
#include "tests/unit/gss/crypto/hex.h"

using namespace gatehouse;
using namespace gatehouse::gss;
using namespace gatehouse::test;

namespace {

const Buffer kKey = text("chicken teriyaki");
const Buffer kDinner = text("I would like the General Gau's Chicken, please, and wonton soup.");

struct Pair {
  CtsEncryptor encryptor;
  CtsDecryptor decryptor;
  explicit Pair(const Buffer& key = kKey) {
    REQUIRE(encryptor.set_key(key));
    REQUIRE(decryptor.set_key(key));
  }
  Buffer encrypt(Buffer b) {
    encryptor.begin();
    REQUIRE(encryptor.finish(b));
    return b;
  }
  Buffer decrypt(Buffer b) {
    decryptor.begin();
    REQUIRE(decryptor.finish(b));
    return b;
  }
};

Buffer first(const Buffer& b, std::size_t n) {
  return {b.begin(), b.begin() + static_cast<std::ptrdiff_t>(n)};
}

}  // namespace

//= rfc3962#5
//# the last two blocks of ciphertext change places, whatever the length, and the last is cut to the length of the plaintext
TEST_CASE("ciphertext stealing gives what RFC 3962 appendix B lists, again and again [G4]") {
  Pair pair;
  const std::vector<Buffer> samples{
      hex("c6353568 f2bf8cb4 d8a58036 2da7ff7f 97"),
      hex("fc00783e 0efdb2c1 d445d4c8 eff7ed22 97687268 d6ecccc0 c07b25e2 5ecfe5"),
      hex("39312523 a78662d5 be7fcbcc 98ebf5a8 97687268 d6ecccc0 c07b25e2 5ecfe584"),
      hex("97687268 d6ecccc0 c07b25e2 5ecfe584 b3fffd94 0c16a18c 1b5549d2 f838029e 39312523 a78662d5 be7fcbcc 98ebf5"),
      hex("97687268 d6ecccc0 c07b25e2 5ecfe584 9dad8bbb 96c4cdc0 3bc103e1 a194bbd8 39312523 a78662d5 be7fcbcc "
          "98ebf5a8"),
      hex("97687268 d6ecccc0 c07b25e2 5ecfe584 39312523 a78662d5 be7fcbcc 98ebf5a8 4807efe8 36ee89a5 26730dbc 2f7bc840"
          "9dad8bbb 96c4cdc0 3bc103e1 a194bbd8"),
  };
  for (int round = 0; round < 3; ++round)
    for (const Buffer& sample : samples) {
      const Buffer plain = first(kDinner, sample.size());
      CHECK(pair.encrypt(plain) == sample);
      CHECK(pair.decrypt(sample) == plain);
    }
}

TEST_CASE("a single block is plain CBC, and less than one is refused [G4]") {
  Pair pair;
  const Buffer block = pair.encrypt(first(kDinner, 16));
  CHECK(block == hex("97687268 d6ecccc0 c07b25e2 5ecfe584"));
  CHECK(pair.decrypt(block) == first(kDinner, 16));
  for (std::size_t n = 0; n < 16; ++n) {
    Buffer few(n);
    CHECK_FALSE(pair.encryptor.finish(few));
    CHECK_FALSE(pair.decryptor.finish(few));
  }
}

TEST_CASE("a message in pieces is what it is whole, however it is cut [G4]") {
  Pair pair(counting(32));
  std::mt19937 dice(3962);
  for (int round = 0; round < 300; ++round) {
    Buffer plain(32 + dice() % 2000);
    for (std::uint8_t& b : plain) b = static_cast<std::uint8_t>(dice());
    const Buffer whole = pair.encrypt(plain);
    Buffer sealed = plain, opened = whole;
    pair.encryptor.begin();
    pair.decryptor.begin();
    std::size_t at = 0;
    while (plain.size() - at > 64) {
      const std::size_t n = 16 * (1 + dice() % 2);
      REQUIRE(pair.encryptor.more(std::span(sealed).subspan(at, n)));
      REQUIRE(pair.decryptor.more(std::span(opened).subspan(at, n)));
      at += n;
    }
    REQUIRE(pair.encryptor.finish(std::span(sealed).subspan(at)));
    REQUIRE(pair.decryptor.finish(std::span(opened).subspan(at)));
    CHECK(sealed == whole);
    CHECK(opened == plain);
  }
}

TEST_CASE("keys of other sizes are refused [G4]") {
  CtsEncryptor encryptor;
  for (const std::size_t n : std::initializer_list<std::size_t>{0, 1, 15, 17, 24, 31, 33})
    CHECK_FALSE(encryptor.set_key(counting(n)));
}
