// The samples of RFC 8009 appendix A through hash and cipher as a token uses them.
#include <random>

#include "gss/crypto/cts.h"
#include "gss/crypto/derive.h"
#include "gss/crypto/hmac.h"
#include "tests/support/catch.h"
#include "tests/unit/gss/crypto/hex.h"

using namespace gatehouse;
using namespace gatehouse::gss;
using namespace gatehouse::test;

namespace {

const Buffer kBase128 = hex("3705D960 80C17728 A0E800EA B6E0D23C");
const Buffer kBase256 = hex("6D404D37 FAF79F9D F0D33568 D3206698 00EB4836 472EA8A0 26D16B71 82460C52");

Buffer key_of(const Suite& suite, KeyKind kind) {
  KeyDerivation derivation;
  Buffer out(derived_size(suite, kind));
  REQUIRE(derivation.set_key(suite, suite.key == 16 ? kBase128 : kBase256));
  REQUIRE(derivation.derive(2, kind, out));
  return out;
}

Buffer mac(const Suite& suite, KeyKind kind, const Buffer& message, const Buffer& prefix) {
  Hmac hmac;
  REQUIRE(hmac.set_key(suite.hash, key_of(suite, kind), prefix));
  Hmac::State state = hmac.begin();
  hmac.add(state, message);
  Buffer out(suite.mac);
  hmac.finish(state, out);
  return out;
}

struct Sample {
  std::uint32_t enctype;
  std::size_t plain;
  const char* confounder;
  const char* ciphertext;
  const char* checksum;
};

constexpr Sample kSamples[] = {
    {19, 0, "7E5895EAF2672435BAD817F545A37148", "EF85FB890BB8472F4DAB20394DCA781D", "AD877EDA39D50C870C0D5A0A8E48C718"},
    {19, 6, "7BCA285E2FD4130FB55B1A5C83BC5B24", "84D7F30754ED987BAB0BF3506BEB09CFB55402CEF7E6",
     "877CE99E247E52D16ED4421DFDF8976C"},
    {19, 16, "56AB21713FF62C0A1457200F6FA9948F", "3517D640F50DDC8AD3628722B3569D2AE07493FA8263254080EA65C1008E8FC2",
     "95FB4852E7D83E1E7C48C37EEBE6B0D3"},
    {19, 21, "A7A4E29A4728CE10664FB64E49AD3FAC",
     "720F73B18D9859CD6CCB4346115CD336C70F58EDC0C4437C5573544C31C813BCE1E6D072C1", "86B39A413C2F92CA9B8334A287FFCBFC"},
    {20, 0, "F764E9FA15C276478B2C7D0C4E5F58E4", "41F53FA5BFE7026D91FAF9BE959195A0",
     "58707273A96A40F0A01960621AC612748B9BBFBE7EB4CE3C"},
    {20, 6, "B80D3251C1F6471494256FFE712D0B9A", "4ED7B37C2BCAC8F74F23C1CF07E62BC7B75FB3F637B9",
     "F559C7F664F69EAB7B6092237526EA0D1F61CB20D69D10F2"},
    {20, 16, "53BF8A0D105265D4E276428624CE5E63", "BC47FFEC7998EB91E8115CF8D19DAC4BBBE2E163E87DD37F49BECA92027764F6",
     "8CF51F14D798C2273F35DF574D1F932E40C4FF255B36A266"},
    {20, 21, "763E65367E864F02F55153C7E3B58AF1",
     "40013E2DF58E8751957D2878BCD2D6FE101CCFD556CB1EAE79DB3C3EE86429F2B2A602AC86",
     "FEF6ECB647D6295FAE077A1FEB517508D2C16B4192E01F62"},
};

}  // namespace

//= rfc8009#5
//# the checksum of a sealed message is of the cipher state, which is zero, and the ciphertext
TEST_CASE("encryptions are those of RFC 8009 appendix A [G4]") {
  for (const Sample& s : kSamples) {
    CAPTURE(s.enctype, s.plain);
    const Suite& suite = *suite_of(s.enctype);
    Buffer data = together({hex(s.confounder), counting(s.plain)});
    CtsEncryptor encryptor;
    REQUIRE(encryptor.set_key(key_of(suite, KeyKind::encryption)));
    encryptor.begin();
    REQUIRE(encryptor.finish(data));
    CHECK(data == hex(s.ciphertext));
    CHECK(mac(suite, KeyKind::integrity, data, Buffer(16)) == hex(s.checksum));
  }
}

TEST_CASE("checksums are those of RFC 8009 appendix A [G4]") {
  CHECK(mac(*suite_of(19), KeyKind::checksum, counting(21), {}) == hex("D78367186643D67B411CBA9139FC1DEE"));
  CHECK(mac(*suite_of(20), KeyKind::checksum, counting(21), {}) ==
        hex("45EE791567EEFCA37F4AC1E0222DE80D43C3BFA06699672A"));
}
