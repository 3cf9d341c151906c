#include "gss/crypto/hmac.h"

#include "tests/support/catch.h"
#include "tests/unit/gss/crypto/hex.h"

using namespace gatehouse;
using namespace gatehouse::gss;
using namespace gatehouse::test;

namespace {

Buffer mac(Hash hash, const Buffer& key, const Buffer& message, std::size_t size) {
  Hmac hmac;
  REQUIRE(hmac.set_key(hash, key));
  Hmac::State state = hmac.begin();
  hmac.add(state, message);
  Buffer out(size);
  hmac.finish(state, out);
  return out;
}

}  // namespace

TEST_CASE("HMACs are those of RFC 2202 and RFC 4231 [G4]") {
  const Buffer key(20, 0x0b), greeting = text("Hi There"), jefe = text("Jefe"),
                              question = text("what do ya want for nothing?");
  CHECK(mac(Hash::sha1, key, greeting, 20) == hex("b617318655057264e28bc0b6fb378c8ef146be00"));
  CHECK(mac(Hash::sha1, jefe, question, 20) == hex("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"));
  CHECK(mac(Hash::sha256, key, greeting, 32) ==
        hex("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"));
  CHECK(mac(Hash::sha256, jefe, question, 32) ==
        hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
  CHECK(mac(Hash::sha384, key, greeting, 48) ==
        hex("afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6"));
  CHECK(mac(Hash::sha384, jefe, question, 48) ==
        hex("af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"));
}

TEST_CASE("a truncated HMAC is the beginning of the whole one [G4]") {
  const Buffer whole = mac(Hash::sha384, counting(24), counting(100), 48);
  for (std::size_t n = 0; n <= 48; ++n)
    CHECK(mac(Hash::sha384, counting(24), counting(100), n) ==
          Buffer(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n)));
}

TEST_CASE("pieces, a prefix and messages side by side make no difference [G4]") {
  for (const Hash hash : {Hash::sha1, Hash::sha256, Hash::sha384}) {
    const Buffer key = counting(24), message = counting(255);
    const Buffer wanted = mac(hash, key, message, 20);
    Hmac hmac;
    REQUIRE(hmac.set_key(hash, key, rpc::Bytes(message).first(16)));
    Hmac::State one = hmac.begin(), other = hmac.begin();
    hmac.add(other, message);
    for (std::size_t at = 16; at < message.size(); ++at) hmac.add(one, rpc::Bytes(message).subspan(at, 1));
    Buffer out(20);
    hmac.finish(one, out);
    CHECK(out == wanted);
    hmac.finish(other, out);
    CHECK(out != wanted);
  }
}

TEST_CASE("a key longer than the hash's block is refused [G4]") {
  Hmac hmac;
  CHECK(hmac.set_key(Hash::sha1, counting(64)));
  CHECK_FALSE(hmac.set_key(Hash::sha1, counting(65)));
  CHECK_FALSE(hmac.set_key(Hash::sha384, counting(129)));
}
