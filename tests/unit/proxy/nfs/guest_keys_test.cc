// Identifiers per guest: against the standards' vectors and OpenSSL's own tools, and one guest's against another's.
#include "proxy/nfs/guest_keys.h"

#include <algorithm>
#include <set>

#include "tests/unit/proxy/nfs/ids.h"

using namespace gatehouse;
using namespace gatehouse::nfs;
using test::from_hex;
using test::hex;
using test::Keys;

namespace {

// Both ways of doing AES.
template <class Check>
void with_both(Check check) {
  check(AesCode::best);
  check(AesCode::portable);
}

}  // namespace

TEST_CASE("AES-128 is FIPS 197's, with the processor's instructions and without") {
  with_both([](AesCode code) {
    Aes aes;
    REQUIRE(aes.set_key(from_hex<16>("000102030405060708090a0b0c0d0e0f"), code));
    const AesBlock text = from_hex<16>("00112233445566778899aabbccddeeff");
    CHECK(hex(aes.encrypt(text)) == "69c4e0d86a7b0430d8cdb78070b4c55a");
    CHECK(aes.decrypt(aes.encrypt(text)) == text);
    CHECK_FALSE(aes.set_key(from_hex<15>("000102030405060708090a0b0c0d0e")));
  });
}

TEST_CASE("AES-CMAC is RFC 4493's") {
  with_both([](AesCode code) {
    Cmac cmac;
    REQUIRE(cmac.set_key(from_hex<16>("2b7e151628aed2a6abf7158809cf4f3c"), code));
    const auto text = from_hex<64>(
        "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
        "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
    const auto of = [&](std::size_t n) { return hex(cmac.of(rpc::Bytes(text).first(n))); };
    CHECK(of(0) == "bb1d6929e95937287fa37d129b756746");
    CHECK(of(16) == "070a16b46b4d4144f79bdd9dd04a287c");
    CHECK(of(40) == "dfa66747de9ae63030ca32611497c827");
    CHECK(of(64) == "51f0bebf7e3b9d92fc49741779363cfe");
  });
}

TEST_CASE("a guest's ids are the same after a restart: they depend on the secret and its name alone [V8]") {
  with_both([](AesCode code) {
    const Keys keys("web1", code);
    auto session = from_hex<16>("5f000000000000010000000700000000");
    keys.session_to_guest(session);
    CHECK(hex(session) == "957cceeecd4e0a48aa5fc5a6c3ecae08");
    auto client = from_hex<8>("5f00000000000001");
    keys.client_to_guest(client);
    CHECK(hex(client) == "68d7379234a7e5df");
    auto state = from_hex<16>("000000015f000000000000010000000a");
    keys.state_to_guest(state);
    CHECK(hex(state) == "00000001acb8ea51620e160cb002c868");
    const std::string handle = "handle";
    CHECK(hex(keys.handles().of(rpc::Bytes(reinterpret_cast<const std::uint8_t*>(handle.data()), handle.size()))) ==
          "2c4a7b954349010b52bd26b7fdeb1d49");
  });
  GuestKeys keys;
  CHECK_FALSE(keys.derive(from_hex<31>("00000000000000000000000000000000000000000000000000000000000000"), "web1"));
}

TEST_CASE("what one guest is shown is another id for any other guest [V8]") {
  const Keys a("a"), b("b");
  std::set<std::string> shown;
  for (std::uint8_t n = 0; n < 200; ++n) {
    std::array<std::uint8_t, 16> server = from_hex<16>("5f000000000000010000000700000000");
    server[7] = n;
    auto id = server;
    a.session_to_guest(id);
    shown.insert(hex(id));
    auto stolen = id;
    a.session_to_server(id);
    CHECK(id == server);
    b.session_to_server(stolen);
    CHECK(stolen != server);

    auto client = from_hex<8>("5f00000000000001");
    client[7] = n;
    const auto servers_client = client;
    a.client_to_guest(client);
    CHECK(client != servers_client);
    auto stolen_client = client;
    a.client_to_server(client);
    CHECK(client == servers_client);
    b.client_to_server(stolen_client);
    CHECK(stolen_client != servers_client);

    auto state = server;
    a.state_to_guest(state);
    CHECK(std::equal(state.begin(), state.begin() + 4, server.begin()));  // the seqid is the client's to count
    CHECK(state != server);
    auto stolen_state = state;
    a.state_to_server(state);
    CHECK(state == server);
    b.state_to_server(stolen_state);
    CHECK(stolen_state != server);
  }
  CHECK(shown.size() == 200);
}

TEST_CASE("every bit of a client id changes about half of what is shown") {
  const Keys keys("a");
  const auto base = from_hex<8>("5f00000000000001");
  auto first = base;
  keys.client_to_guest(first);
  for (std::size_t bit = 0; bit < 64; ++bit) {
    auto other = base;
    other[bit / 8] = static_cast<std::uint8_t>(other[bit / 8] ^ (1U << (bit % 8)));
    keys.client_to_guest(other);
    int differ = 0;
    for (std::size_t i = 0; i < 8; ++i) differ += __builtin_popcount(static_cast<unsigned>(first[i] ^ other[i]));
    INFO("bit " << bit);
    CHECK(differ >= 12);
    CHECK(differ <= 52);
  }
}

TEST_CASE("ids with a meaning of their own stay what they are") {
  const Keys keys("a");
  for (const char* text : {"0000000000000000", "ffffffffffffffff"}) {
    auto id = from_hex<8>(text);
    keys.client_to_guest(id);
    CHECK(hex(id) == text);
    keys.client_to_server(id);
    CHECK(hex(id) == text);
  }
  // Anonymous, READ bypass, current and invalid state ids (RFC 8881 section 8.2.3).
  for (const char* text : {"00000000000000000000000000000000", "ffffffffffffffffffffffffffffffff",
                           "00000001000000000000000000000000", "ffffffff000000000000000000000000"}) {
    auto id = from_hex<16>(text);
    keys.state_to_guest(id);
    CHECK(hex(id) == text);
    keys.state_to_server(id);
    CHECK(hex(id) == text);
  }
}
