#include "gss/crypto/derive.h"

#include "tests/support/catch.h"
#include "tests/unit/gss/crypto/hex.h"

using namespace gatehouse;
using namespace gatehouse::gss;
using namespace gatehouse::test;

namespace {

Buffer folded(std::string_view in, std::size_t bits) {
  const Buffer from = text(in);
  Buffer out(bits / 8);
  n_fold(from, out);
  return out;
}

Buffer derived(std::uint32_t enctype, const Buffer& base, const Buffer& constant, std::size_t size) {
  KeyDerivation derivation;
  Buffer out(size);
  REQUIRE(derivation.set_key(*suite_of(enctype), base));
  REQUIRE(derivation.from_constant(constant, out));
  return out;
}

Buffer derived(std::uint32_t enctype, const Buffer& base, std::uint32_t usage, KeyKind kind) {
  KeyDerivation derivation;
  const Suite& suite = *suite_of(enctype);
  Buffer out(derived_size(suite, kind));
  REQUIRE(derivation.set_key(suite, base));
  REQUIRE(derivation.derive(usage, kind, out));
  return out;
}

}  // namespace

//= rfc3961#5.1
//# n-fold lays copies of the input end to end, each rotated right by 13 bits more, and adds the pieces with end-around carry
TEST_CASE("n-fold gives what RFC 3961 appendix A.1 lists [G4]") {
  CHECK(folded("012345", 64) == hex("be072631276b1955"));
  CHECK(folded("password", 56) == hex("78a07b6caf85fa"));
  CHECK(folded("Rough Consensus, and Running Code", 64) == hex("bb6ed30870b7f0e0"));
  CHECK(folded("password", 168) == hex("59e4a8ca7c0385c3c37b3f6d2000247cb6e6bd5b3e"));
  CHECK(folded("MASSACHVSETTS INSTITVTE OF TECHNOLOGY", 192) ==
        hex("db3b0d8f0b061e603282b308a50841229ad798fab9540c1b"));
  CHECK(folded("Q", 168) == hex("518a54a2 15a8452a 518a54a2 15a8452a 518a54a2 15"));
  CHECK(folded("ba", 168) == hex("fb25d531 ae897449 9f52fd92 ea9857c4 ba24cf29 7e"));
  CHECK(folded("kerberos", 64) == hex("6b657262 65726f73"));
  CHECK(folded("kerberos", 128) == hex("6b657262 65726f73 7b9b5b2b 93132b93"));
  CHECK(folded("kerberos", 168) == hex("8372c236 344e5f15 50cd0747 e15d62ca 7a5a3bce a4"));
  CHECK(folded("kerberos", 256) == hex("6b657262 65726f73 7b9b5b2b 93132b93 5c9bdcda d95c9899 c4cae4de e6d6cae4"));
}

//= rfc3961#5.1
//# the derived key is the encryption of the folded constant, each block of it being the next one's plaintext
TEST_CASE("DK with AES gives the keys that RFC 3962 appendix B makes of its PBKDF2 outputs [G4]") {
  CHECK(derived(17, hex("cdedb528 1bb2f801 565a1122 b2563515"), text("kerberos"), 16) ==
        hex("42263c6e 89f4fc28 b8df68ee 09799f15"));
  CHECK(derived(18, hex("cdedb528 1bb2f801 565a1122 b2563515 0ad1f7a0 4bb9f3a3 33ecc0e2 e1f70837"), text("kerberos"),
                32) == hex("fe697b52 bc0d3ce1 4432ba03 6a92e65b bb522809 90a2fa27 883998d7 2af30161"));
  CHECK(derived(17, hex("01dbee7f 4a9e243e 988b62c7 3cda935d"), text("kerberos"), 16) ==
        hex("c651bf29 e2300ac2 7fa469d6 93bdda13"));
}

//= rfc8009#3
//# the derived key is the HMAC of counter 1, the constant as label, a zero byte and the key's length in bits, truncated
TEST_CASE("derived keys are those of RFC 8009 appendix A [G4]") {
  const Buffer base128 = hex("3705D960 80C17728 A0E800EA B6E0D23C");
  CHECK(derived(19, base128, 2, KeyKind::checksum) == hex("B31A018A 48F54776 F403E9A3 96325DC3"));
  CHECK(derived(19, base128, 2, KeyKind::encryption) == hex("9B197DD1 E8C5609D 6E67C3E3 7C62C72E"));
  CHECK(derived(19, base128, 2, KeyKind::integrity) == hex("9FDA0E56 AB2D85E1 569A6886 96C26A6C"));

  const Buffer base256 = hex("6D404D37 FAF79F9D F0D33568 D3206698 00EB4836 472EA8A0 26D16B71 82460C52");
  CHECK(derived(20, base256, 2, KeyKind::checksum) == hex("EF5718BE 86CC8496 3D8BBB50 31E9F5C4 BA41F28F AF69E73D"));
  CHECK(derived(20, base256, 2, KeyKind::encryption) ==
        hex("56AB22BE E63D82D7 BC5227F6 773F8EA7 A5EB1C82 5160C383 12980C44 2E5C7E49"));
  CHECK(derived(20, base256, 2, KeyKind::integrity) == hex("69B16514 E3CD8E56 B82010D5 C73012B6 22C4D00F FC23ED1F"));
}

//= rfc3961#5.3
//# the constant of a derived key is the key usage number and a byte that says what the key is for
TEST_CASE("a derived key depends on usage and kind, and sizes that do not fit are refused [G4]") {
  const Buffer base = counting(16);
  const Buffer key = derived(17, base, 22, KeyKind::encryption);
  CHECK(key == derived(17, base, hex("00000016aa"), 16));
  CHECK(key != derived(17, base, 24, KeyKind::encryption));
  CHECK(key != derived(17, base, 22, KeyKind::integrity));

  KeyDerivation derivation;
  Buffer out(16);
  CHECK_FALSE(derivation.derive(22, KeyKind::encryption, out));
  CHECK_FALSE(derivation.set_key(*suite_of(17), counting(15)));
  CHECK_FALSE(derivation.set_key(*suite_of(20), counting(33)));
  REQUIRE(derivation.set_key(*suite_of(17), base));
  out.resize(15);
  CHECK_FALSE(derivation.derive(22, KeyKind::encryption, out));
}
