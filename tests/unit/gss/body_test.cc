// Arguments under integrity and privacy, whole and spoiled in every way.
#include "gss/body.h"

#include "tests/unit/gss/fixture.h"

using namespace gatehouse;
using namespace gatehouse::gss;
using namespace gatehouse::test;
using rpc::GssService;

namespace {

constexpr std::uint32_t kSeq = 77;

/// Ends: both ends of a context.
struct Ends {
  explicit Ends(Enctype enctype)
      : client(Protection::make(session_key(enctype), Protection::Role::initiator)),
        gateway(Protection::make(session_key(enctype), Protection::Role::acceptor)) {}

  Buffer mic(const Buffer& message) const {
    Buffer token(client->mic_size());
    REQUIRE(client->get_mic(message, 1, token));
    return token;
  }
  Buffer wrapped(const Buffer& plain) const {
    Buffer token = join({Buffer(client->wrap_head()), plain, Buffer(client->wrap_tail())});
    REQUIRE(client->wrap(token, 1));
    return token;
  }
  /// integrity, privacy: the body of a call with `data`, the sequence number and arguments.
  Buffer integrity(const Buffer& data) const { return join({Client::opaque(data), Client::opaque(mic(data))}); }
  Buffer privacy(const Buffer& data) const { return Client::opaque(wrapped(data)); }

  /// decode: the arguments, or the fault. Of a copy at the very end of its memory.
  std::expected<Buffer, BodyFault> decode(GssService service, const Buffer& body, std::uint32_t seq = kSeq) const {
    Buffer in_place = body;
    in_place.shrink_to_fit();
    const auto got = decode_args(service, seq, in_place, *gateway);
    if (!got) return std::unexpected(got.error());
    const bool inside = got->empty() || (got->data() >= in_place.data() &&
                                         got->data() + got->size() <= in_place.data() + in_place.size());
    CHECK(inside);
    return copy(*got);
  }
  BodyFault fault(GssService service, const Buffer& body, std::uint32_t seq = kSeq) const {
    const auto got = decode(service, body, seq);
    REQUIRE_FALSE(got.has_value());
    return got.error();
  }

  std::unique_ptr<Protection> client;
  std::unique_ptr<Protection> gateway;
};

Buffer with_number(const Buffer& args, std::uint32_t seq = kSeq) {
  return join({words({seq}), args});
}

Buffer word_opaque(std::uint32_t declared, const Buffer& b) {
  return join({words({declared}), b});
}

}  // namespace

//= rfc2203#5.3.2.1
//# without integrity the arguments are as with AUTH_NONE
TEST_CASE("without integrity the body is the arguments [G1]") {
  const Ends ends(Enctype::aes256_sha1);
  for (const std::size_t n : {0U, 3U, 4U, 4096U}) CHECK(ends.decode(GssService::none, Buffer(n, 5)) == Buffer(n, 5));
}

//= rfc2203#5.3.2.2
//# with integrity the arguments are an opaque of sequence number and arguments, and its checksum
//= rfc2203#5.3.2.3
//# with privacy the arguments are an opaque of sequence number and arguments, wrapped with confidentiality
TEST_CASE("arguments of every length come out as they went in, by every enctype [G1]") {
  for (const Enctype enctype : kEnctypes) {
    const Ends ends(enctype);
    for (const std::size_t n : {0U, 4U, 8U, 12U, 16U, 20U, 28U, 32U, 60U, 1020U, 65536U}) {
      const Buffer args(n, 0x5a);
      CHECK(ends.decode(GssService::integrity, ends.integrity(with_number(args))) == args);
      CHECK(ends.decode(GssService::privacy, ends.privacy(with_number(args))) == args);
    }
  }
}

//= rfc2203#5.3.3.1
//# a sequence number in the body that differs from the credential's is answered GARBAGE_ARGS
TEST_CASE("a sequence number in the body that is not the credential's is refused [G1]") {
  const Ends ends(Enctype::aes128_sha256);
  for (const std::uint32_t seq : {kSeq - 1, kSeq + 1, 0U, kSeq | 0x80000000U}) {
    const Buffer data = with_number(words({1}), seq);
    CHECK(ends.fault(GssService::integrity, ends.integrity(data)) == BodyFault::wrong_sequence);
    CHECK(ends.fault(GssService::privacy, ends.privacy(data)) == BodyFault::wrong_sequence);
  }
}

// Linux oopsed on a checksum of no bytes.
TEST_CASE("data of 0 to 3 bytes, of no whole words, and a checksum of no bytes are refused [G1]") {
  const Ends ends(Enctype::aes256_sha1);
  for (const std::size_t n : {0U, 1U, 2U, 3U, 5U, 6U, 7U, 4097U}) {
    CHECK(ends.fault(GssService::integrity, ends.integrity(Buffer(n, 0))) == BodyFault::malformed);
    CHECK(ends.fault(GssService::privacy, ends.privacy(Buffer(n, 0)), 0) == BodyFault::malformed);
  }
  // Seen by the lengths, before a checksum is made.
  for (const std::size_t n : {0U, 1U, 2U, 3U, 5U, 4097U})
    CHECK(ends.fault(GssService::integrity, join({Client::opaque(Buffer(n, 0)), Client::opaque(Buffer(28, 1))})) ==
          BodyFault::malformed);
  const Buffer data = with_number(words({1}));
  CHECK(ends.fault(GssService::integrity, join({Client::opaque(data), words({0})})) == BodyFault::bad_token);
  CHECK(ends.fault(GssService::integrity, Client::opaque(data)) == BodyFault::malformed);
  CHECK(ends.fault(GssService::privacy, words({0})) == BodyFault::bad_token);
  CHECK(ends.fault(GssService::integrity, {}) == BodyFault::malformed);
  CHECK(ends.fault(GssService::privacy, {}) == BodyFault::malformed);
}

TEST_CASE("a body cut at every byte, or with bytes behind it, is malformed [G1]") {
  for (const Enctype enctype : kEnctypes) {
    const Ends ends(enctype);
    const Buffer data = with_number(words({1, 2, 3}));
    for (const auto& [service, whole] :
         {std::pair{GssService::integrity, ends.integrity(data)}, std::pair{GssService::privacy, ends.privacy(data)}}) {
      REQUIRE(ends.decode(service, whole).has_value());
      for (std::size_t n = 0; n < whole.size(); ++n)
        CHECK(ends.fault(service, copy(rpc::Bytes(whole).first(n))) == BodyFault::malformed);
      CHECK(ends.fault(service, join({whole, {0}})) == BodyFault::malformed);
      CHECK(ends.fault(service, join({whole, words({0})})) == BodyFault::malformed);
    }
  }
}

TEST_CASE("declared lengths of 2^31 and more are malformed [G1]") {
  const Ends ends(Enctype::aes256_sha384);
  const Buffer data = with_number(words({1}));
  for (const std::uint32_t n : {0x7fffffffU, 0x80000000U, 0xfffffffcU, 0xfffffffdU, 0xffffffffU}) {
    CHECK(ends.fault(GssService::integrity, word_opaque(n, data)) == BodyFault::malformed);
    CHECK(ends.fault(GssService::integrity, join({Client::opaque(data), word_opaque(n, Buffer(64, 0))})) ==
          BodyFault::malformed);
    CHECK(ends.fault(GssService::privacy, word_opaque(n, Buffer(64, 0))) == BodyFault::malformed);
  }
}

//= rfc2203#5.3.3.4.2
//# arguments whose checksum does not verify are answered GARBAGE_ARGS
TEST_CASE("arguments with any bit changed are refused under integrity [G1]") {
  for (const Enctype enctype : kEnctypes) {
    const Ends ends(enctype);
    const Buffer whole = ends.integrity(with_number(words({1, 2, 3})));
    for (std::size_t at = 0; at < whole.size(); ++at) {
      Buffer bad = whole;
      bad[at] ^= 0x04;
      INFO("byte " << at);
      CHECK_FALSE(ends.decode(GssService::integrity, bad).has_value());
    }
    const Buffer data = with_number(words({1, 2, 3}));
    const Buffer token = ends.mic(data);
    for (std::size_t n = 1; n < token.size(); ++n)
      CHECK(ends.fault(GssService::integrity,
                       join({Client::opaque(data), Client::opaque(copy(rpc::Bytes(token).first(n)))})) ==
            BodyFault::bad_token);
    // The header's checksum is not that of the body, whatever it was made of.
    CHECK(ends.fault(GssService::integrity, join({Client::opaque(data), Client::opaque(ends.mic(words({kSeq})))})) ==
          BodyFault::bad_token);
  }
}

//= rfc2203#5.3.3.4.3
//# arguments that do not unwrap are answered GARBAGE_ARGS
TEST_CASE("arguments with any bit changed are refused under privacy [G1]") {
  for (const Enctype enctype : kEnctypes) {
    const Ends ends(enctype);
    const Buffer whole = ends.privacy(with_number(words({1, 2, 3})));
    for (std::size_t at = 0; at < whole.size(); ++at) {
      Buffer bad = whole;
      bad[at] ^= 0x04;
      INFO("byte " << at);
      // RRC is not protected and counts in circles: it may only be another way to write the same.
      const bool rrc = at == 4 + 6 || at == 4 + 7;
      const auto got = ends.decode(GssService::privacy, bad);
      CHECK((rrc ? !got || *got == words({1, 2, 3}) : !got));
    }
    CHECK(ends.fault(GssService::privacy, Client::opaque(ends.mic(with_number({})))) == BodyFault::bad_token);
    // A token that our own side made.
    Buffer reflected = join({Buffer(32), with_number(words({1})), Buffer(ends.gateway->wrap_tail())});
    REQUIRE(ends.gateway->wrap(reflected, 1));
    CHECK(ends.fault(GssService::privacy, Client::opaque(reflected)) == BodyFault::bad_token);
  }
}

//= rfc2203#5.3.3.1
//# the QOP of the body is that of the header
TEST_CASE("a body whose token has a QOP field, which RFC 4121's have not, is refused [G1]") {
  const Ends ends(Enctype::aes128_sha1);
  const Buffer data = with_number(words({1}));
  // RFC 1964: token id 01 01 and 02 01, then the algorithm that a QOP chose.
  for (const std::uint8_t kind : {std::uint8_t{1}, std::uint8_t{2}}) {
    Buffer old = {kind, 1, 0, 0, 0xff, 0xff, 0xff, 0xff};
    old.resize(28, 0);
    CHECK(ends.fault(GssService::integrity, join({Client::opaque(data), Client::opaque(old)})) == BodyFault::bad_token);
    CHECK(ends.fault(GssService::privacy, Client::opaque(old)) == BodyFault::bad_token);
  }
}

TEST_CASE("padding behind a token may be anything but missing [G1]") {
  const Ends ends(Enctype::aes256_sha1);
  Buffer token = ends.wrapped(with_number(words({9})));
  // A token of no whole words: with EC, which counts filler inside it.
  Buffer odd = join({token, {0}});
  CHECK(ends.fault(GssService::privacy, Client::opaque(odd)) == BodyFault::bad_token);
  CHECK(ends.fault(GssService::privacy, word_opaque(static_cast<std::uint32_t>(odd.size()), odd)) ==
        BodyFault::malformed);
}

TEST_CASE("every fault of a body has a word [L10]") {
  CHECK(body_fault_word(BodyFault::malformed) == "malformed");
  CHECK(body_fault_word(BodyFault::bad_token) == "bad-token");
  CHECK(body_fault_word(BodyFault::wrong_sequence) == "wrong-sequence");
}
