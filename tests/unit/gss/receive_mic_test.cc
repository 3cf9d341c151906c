// The checksum of the header: what it covers, and that nothing happens before it was verified.
#include "gss/receive.h"

#include <set>
#include <string_view>

#include "tests/unit/gss/fixture.h"

using namespace gatehouse;
using namespace gatehouse::gss;
using namespace gatehouse::test;
using rpc::AuthStat;

namespace {

// Where the verifier of `record` begins.
std::size_t header_size(const Buffer& record) {
  rpc::CallHeader head;
  REQUIRE(rpc::parse_call_head(record, true, head) == rpc::HeadStatus::ok);
  return record.size() - 8 - rpc::padded(head.verf.body.size());
}

}  // namespace

//= rfc2203#5.3.1
//# the header checksum covers the call up to and including the credential
TEST_CASE("a change of any byte of the header, the padding too, is seen [G1]") {
  Gateway gateway;
  Client alice = gateway.client();
  // A handle that needs padding, found by whoever asks: the received padding is signed, whatever it is.
  struct Any final : Known {
    std::shared_ptr<Context> find(rpc::Bytes) override { return context; }
    std::shared_ptr<Context> context;
  } known;
  known.context = alice.context;
  const Buffer good = alice.record({.seq = 5, .handle = Buffer(13, 7)});
  const std::size_t signed_bytes = header_size(good);
  CHECK(signed_bytes == 24 + 8 + 20 + 16);
  const auto look = [&](const Buffer& record) {
    rpc::CallHeader head;
    if (rpc::parse_call_head(record, true, head) != rpc::HeadStatus::ok) return Finding::bad_credential;
    return receive(head, record, known, kNow, 0).finding;
  };
  for (std::size_t at = 0; at < signed_bytes; ++at)
    for (const std::uint8_t bit : {std::uint8_t{0x01}, std::uint8_t{0x80}}) {
      Buffer bad = good;
      bad[at] = static_cast<std::uint8_t>(bad[at] ^ bit);
      INFO("byte " << at);
      CHECK(look(bad) != Finding::data);
    }
  Buffer padding = good;
  padding[signed_bytes - 1] = 1;
  CHECK(look(padding) == Finding::bad_mic);
  CHECK(look(good) == Finding::data);
}

//= rfc2203#5.3.3.4.2
//# a header checksum that does not verify is denied with RPCSEC_GSS_CREDPROBLEM
TEST_CASE("verifiers of 0 to a byte more than a checksum's length, all wrong but one [G1]") {
  for (const Enctype enctype : kEnctypes) {
    Gateway gateway;
    Client alice = gateway.client(terms(session_key(enctype)));
    const Buffer record = alice.record({});
    const std::size_t head = header_size(record);
    Buffer token = copy(rpc::Bytes(record).subspan(head + 8));
    REQUIRE(token.size() == alice.initiator().mic_size());
    for (std::size_t n = 0; n < token.size(); ++n)
      CHECK(gateway.finding(alice, {.verifier = copy(rpc::Bytes(token).first(n))}) == Finding::bad_mic);
    CHECK(gateway.answer(alice, {.verifier = join({token, {0}})}) == AuthStat::gss_credproblem);
    for (std::size_t at = 0; at < token.size(); ++at) {
      Buffer bad = token;
      bad[at] ^= 0x10;
      CHECK(gateway.finding(alice, {.verifier = bad}) == Finding::bad_mic);
    }
    CHECK(gateway.finding(alice, {.verifier = token}) == Finding::data);
  }
}

TEST_CASE("the largest verifier of an RPC header is no checksum [G1]") {
  Gateway gateway;
  Client alice = gateway.client();
  CHECK(gateway.finding(alice, {.verifier = Buffer(400, 4)}) == Finding::bad_mic);
}

TEST_CASE("a checksum of another key, another message, another service or our own side is none [G1]") {
  Gateway gateway;
  Client alice = gateway.client();
  Client bob = gateway.client(terms(session_key(Enctype::aes256_sha1, 9)));
  const Buffer record = alice.record({});
  const Buffer signed_part = copy(rpc::Bytes(record).first(header_size(record)));
  CHECK(gateway.finding(alice, {.verifier = bob.mic(signed_part)}) == Finding::bad_mic);
  CHECK(gateway.finding(alice, {.verifier = alice.mic(words({1}))}) == Finding::bad_mic);
  CHECK(gateway.finding(alice, {.service = 3, .verifier = alice.mic(signed_part)}) == Finding::bad_mic);
  Buffer reflected(alice.initiator().mic_size());
  REQUIRE(alice.context->lane(1)->get_mic(signed_part, 1, reflected));
  CHECK(gateway.finding(alice, {.verifier = reflected}) == Finding::bad_mic);
  CHECK(gateway.finding(alice, {.verifier = alice.mic(signed_part)}) == Finding::data);
}

// FreeBSD took a context for stale after one bad checksum: who guesses a handle could end it.
TEST_CASE("after a wrong checksum a good one goes on [G1]") {
  Gateway gateway;
  Client alice = gateway.client();
  REQUIRE(gateway.finding(alice, {.seq = 1}) == Finding::data);
  gateway.now.monotonic_ms += 1000;
  for (int i = 0; i < 100; ++i)
    for (const std::uint32_t service : {1U, 2U, 3U})
      CHECK(gateway.finding(alice, {.seq = 2, .service = service, .verifier = Buffer(28, 1)}) == Finding::bad_mic);
  CHECK_FALSE(alice.context->retired());
  CHECK(alice.context->last_used() == kNow.monotonic_ms);
  CHECK(gateway.finding(alice, {.seq = 2}) == Finding::data);
}

// libtirpc and ntirpc moved the window first: who guesses a handle could make every later number too old.
//= rfc2203#5.3.3.1
//# only a verified header checksum moves the window
TEST_CASE("a number far ahead with a wrong checksum does not move the window [G1]") {
  Gateway gateway;
  Client alice = gateway.client();
  REQUIRE(gateway.finding(alice, {.seq = 1}) == Finding::data);
  for (const std::uint32_t seq : {2U, 0x7fffffffU, rpc::kMaxGssSeq, 0xffffffffU})
    CHECK(gateway.finding(alice, {.seq = seq, .verifier = Buffer(28, 1)}) == Finding::bad_mic);
  CHECK(gateway.finding(alice, {.seq = 2}) == Finding::data);
}

TEST_CASE("a replay does not keep a context from being the one unused longest [G12]") {
  Gateway gateway;
  Client alice = gateway.client();
  REQUIRE(gateway.finding(alice, {.seq = 1}) == Finding::data);
  gateway.now.monotonic_ms += 5000;
  CHECK(gateway.finding(alice, {.seq = 1}) == Finding::replayed);
  CHECK(alice.context->last_used() == kNow.monotonic_ms);
}

TEST_CASE("a thread without a lane closes the connection and takes nothing [G1]") {
  Gateway gateway;
  Client alice = gateway.client();
  const Buffer record = alice.record({});
  rpc::CallHeader head;
  REQUIRE(rpc::parse_call_head(record, true, head) == rpc::HeadStatus::ok);
  CHECK(receive(head, record, gateway, kNow, 99).finding == Finding::failed);
  CHECK(closes(Finding::failed));
  CHECK(receive(head, record, gateway, kNow, 0).finding == Finding::data);
}

TEST_CASE("every finding has a word of its own and one answer [L10]") {
  std::set<std::string_view> words;
  for (std::size_t i = 0; i < kFindings; ++i) {
    const auto f = static_cast<Finding>(i);
    CHECK(words.insert(finding_word(f)).second);
    CHECK(closes(f) == (answered_by(f) == AuthStat::failed));
  }
}
