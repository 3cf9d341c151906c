// Tokens put together with libkrb5's own encryption and checksums: what gss_wrap never makes, and random keys.
#include <krb5/krb5.h>

#include <algorithm>
#include <stdexcept>

#include "tests/gssapi/scene.h"
#include "tests/support/catch.h"

using namespace gatehouse;
using namespace gatehouse::test;
using gss::TokenFault;

namespace {

constexpr krb5_keyusage kAcceptorSeal = 22, kAcceptorSign = 23, kInitiatorSeal = 24;
constexpr std::uint8_t kAcceptorMade = 1, kSealed = 2;

struct Krb5 {
  krb5_context context = nullptr;
  Krb5() { must(krb5_init_context(&context)); }
  Krb5(const Krb5&) = delete;
  Krb5& operator=(const Krb5&) = delete;
  ~Krb5() { krb5_free_context(context); }
  static void must(krb5_error_code e) {
    if (e != 0) throw std::runtime_error("libkrb5: " + std::to_string(e));
  }
};

krb5_data data_of(rpc::Bytes b) {
  return {KV5M_DATA, static_cast<unsigned>(b.size()), reinterpret_cast<char*>(const_cast<std::uint8_t*>(b.data()))};
}

krb5_keyblock block_of(const SessionKey& key) {
  return {KV5M_KEYBLOCK, static_cast<krb5_enctype>(key.enctype), static_cast<unsigned>(key.size),
          const_cast<krb5_octet*>(key.bytes.data())};
}

Octets encrypt(const SessionKey& key, krb5_keyusage usage, rpc::Bytes plain) {
  const Krb5 krb5;
  const krb5_keyblock block = block_of(key);
  std::size_t size = 0;
  Krb5::must(krb5_c_encrypt_length(krb5.context, block.enctype, plain.size(), &size));
  Octets out(size);
  const krb5_data in = data_of(plain);
  krb5_enc_data to{KV5M_ENC_DATA, block.enctype, 0, data_of(out)};
  Krb5::must(krb5_c_encrypt(krb5.context, &block, usage, nullptr, &in, &to));
  return out;
}

Octets decrypt(const SessionKey& key, krb5_keyusage usage, rpc::Bytes sealed) {
  const Krb5 krb5;
  const krb5_keyblock block = block_of(key);
  Octets out(sealed.size());
  krb5_data to = data_of(out);
  const krb5_enc_data in{KV5M_ENC_DATA, block.enctype, 0, data_of(sealed)};
  Krb5::must(krb5_c_decrypt(krb5.context, &block, usage, nullptr, &in, &to));
  out.resize(to.length);
  return out;
}

Octets checksum(const SessionKey& key, krb5_keyusage usage, rpc::Bytes plain) {
  const Krb5 krb5;
  const krb5_keyblock block = block_of(key);
  const krb5_data in = data_of(plain);
  krb5_checksum out{};
  Krb5::must(krb5_c_make_checksum(krb5.context, 0, &block, usage, &in, &out));
  Octets copy(out.contents, out.contents + out.length);
  krb5_free_checksum_contents(krb5.context, &out);
  return copy;
}

SessionKey random_key(std::uint32_t enctype, std::mt19937& dice) {
  SessionKey key;
  key.enctype = static_cast<gss::Enctype>(enctype);
  key.size = enctype == 17 || enctype == 19 ? 16 : 32;
  for (std::size_t i = 0; i < key.size; ++i) key.bytes[i] = static_cast<std::uint8_t>(dice());
  return key;
}

// Each enctype with `count` keys.
template <class Test>
void each_key(int count, Test&& test) {
  std::mt19937 dice(std::random_device{}());
  for (const std::uint32_t enctype : {17U, 18U, 19U, 20U})
    for (int i = 0; i < count; ++i) {
      const SessionKey key = random_key(enctype, dice);
      CAPTURE(enctype, i);
      test(key, message(dice() % 3000));
    }
}

Octets wrap_header(std::uint8_t flags, std::uint16_t extra, std::uint64_t seq) {
  Octets h{5, 4, flags, 0xff, static_cast<std::uint8_t>(extra >> 8), static_cast<std::uint8_t>(extra), 0, 0};
  for (int shift = 56; shift >= 0; shift -= 8) h.push_back(static_cast<std::uint8_t>(seq >> shift));
  return h;
}

Octets join(std::initializer_list<rpc::Bytes> parts) {
  Octets out;
  for (const rpc::Bytes p : parts) out.insert(out.end(), p.begin(), p.end());
  return out;
}

// A sealed token of an initiator with `filler` bytes of filler, whose open and sealed header say what they are told.
Octets sealed_token(const SessionKey& key, rpc::Bytes text, std::size_t filler, const Octets& open,
                    const Octets& copy) {
  const Octets fill(filler, 'X');
  return join({open, encrypt(key, kInitiatorSeal, join({text, fill, copy}))});
}

}  // namespace

TEST_CASE("a MIC is byte for byte the header and libkrb5's checksum of message and header [G4]", "[libkrb5]") {
  each_key(200, [](const SessionKey& key, rpc::Bytes text) {
    const auto ours = Protection::make(key, Role::acceptor);
    REQUIRE(ours);
    const Octets token = mic(*ours, text, 0x0102030405060708U);
    const Octets header{4, 4, kAcceptorMade, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5, 6, 7, 8};
    CHECK(token == join({header, checksum(key, kAcceptorSign, join({text, header}))}));
  });
}

TEST_CASE("libkrb5 decrypts a sealed token to message and header [G4]", "[libkrb5]") {
  each_key(200, [](const SessionKey& key, rpc::Bytes text) {
    const auto ours = Protection::make(key, Role::acceptor);
    REQUIRE(ours);
    const Octets token = seal(*ours, text, 9), header = wrap_header(kAcceptorMade | kSealed, 0, 9);
    CHECK(std::equal(header.begin(), header.end(), token.begin()));
    const Octets plain = decrypt(key, kAcceptorSeal, rpc::Bytes(token).subspan(header.size()));
    CHECK(plain == join({text, header}));
  });
}

TEST_CASE("a sealed token with filler opens to the message without it [G4]", "[libkrb5]") {
  each_key(3, [](const SessionKey& key, rpc::Bytes text) {
    const auto ours = Protection::make(key, Role::acceptor);
    for (const std::uint16_t extra : std::initializer_list<std::uint16_t>{0, 1, 15, 16, 100, 65535}) {
      const Octets header = wrap_header(kSealed, extra, 3);
      const auto opened = open(*ours, sealed_token(key, text, extra, header, header));
      REQUIRE(opened);
      CHECK(std::ranges::equal(*opened, text));
    }
  });
}

TEST_CASE("a sealed token whose EC is more than there is is refused, though its checksum is right [G4]", "[libkrb5]") {
  each_key(1, [](const SessionKey& key, rpc::Bytes) {
    const auto ours = Protection::make(key, Role::acceptor);
    for (const std::uint16_t extra : std::initializer_list<std::uint16_t>{1, 16, 17, 65535}) {
      const Octets header = wrap_header(kSealed, extra, 3);
      for (const std::size_t length : {std::size_t{0}, std::size_t{extra} - 1}) {
        Octets token = sealed_token(key, message(length), 0, header, header);
        CHECK(ours->unwrap(token) == std::unexpected(TokenFault::defective));
        CHECK(std::ranges::all_of(rpc::Bytes(token).subspan(16, token.size() - ours->mic_size()),
                                  [](std::uint8_t b) { return b == 0; }));
      }
      const auto whole = open(*ours, sealed_token(key, message(extra), 0, header, header));
      REQUIRE(whole);
      CHECK(whole->empty());
    }
  });
}

TEST_CASE("a sealed token whose open header differs from the sealed one is refused, RRC apart [G4]", "[libkrb5]") {
  each_key(1, [](const SessionKey& key, rpc::Bytes) {
    const auto ours = Protection::make(key, Role::acceptor);
    const Octets header = wrap_header(kSealed, 4, 3);
    for (std::size_t at = 0; at < header.size(); ++at) {
      CAPTURE(at);
      Octets other = header;
      other[at] ^= 4;
      Octets open_differs = sealed_token(key, message(100), 4, other, header);
      Octets copy_differs = sealed_token(key, message(100), 4, header, other);
      const bool rrc = at == 6 || at == 7;
      if (rrc)
        open_differs = with_rotation(sealed_token(key, message(100), 4, header, header),
                                     static_cast<std::uint16_t>(other[6] << 8 | other[7]));
      CHECK(ours->unwrap(open_differs).has_value() == rrc);
      CHECK(ours->unwrap(copy_differs).has_value() == rrc);
    }
  });
}

TEST_CASE("undefined flags and AcceptorSubkey are not looked at, as long as both headers have them [G4]", "[libkrb5]") {
  each_key(1, [](const SessionKey& key, rpc::Bytes) {
    const auto ours = Protection::make(key, Role::acceptor);
    for (unsigned flags = 0; flags < 0x100; ++flags) {
      const Octets header = wrap_header(static_cast<std::uint8_t>(flags), 0, 3);
      Octets token = sealed_token(key, message(20), 0, header, header);
      const auto opened = ours->unwrap(token);
      CAPTURE(flags);
      if ((flags & kAcceptorMade) != 0) {
        CHECK(opened == std::unexpected(TokenFault::wrong_direction));
      } else if ((flags & kSealed) == 0) {
        CHECK(opened == std::unexpected(TokenFault::not_sealed));
      } else {
        CHECK(opened.has_value());
      }
    }
  });
}
