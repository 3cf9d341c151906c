// Results under integrity and privacy, and verifiers, as a client reads them.
#include "gss/body.h"
#include "tests/unit/gss/fixture.h"

using namespace gatehouse;
using namespace gatehouse::gss;
using namespace gatehouse::test;
using rpc::GssService;

namespace {

constexpr std::uint32_t kSeq = 4711;

/// Ends: both ends of a context, and a reply's body made by the gateway's.
struct Ends {
  explicit Ends(Enctype enctype)
      : client(Protection::make(session_key(enctype), Protection::Role::initiator)),
        gateway(Protection::make(session_key(enctype), Protection::Role::acceptor)) {}

  Buffer body(GssService service, const Buffer& results) const {
    const ResultRoom room = result_room(service, results.size(), *gateway);
    CHECK(room.head <= kMaxResultHead);
    CHECK(room.tail <= kMaxResultTail);
    // What is in the room must not show in the body.
    Buffer buffer = join({Buffer(room.head, 0xee), results, Buffer(room.tail, 0xee)});
    REQUIRE(protect_results(service, kSeq, 3, buffer, *gateway));
    return buffer;
  }

  std::unique_ptr<Protection> client;
  std::unique_ptr<Protection> gateway;
};

}  // namespace

//= rfc2203#5.3.3.2
//# with integrity the results are encoded as the arguments were
TEST_CASE("results with integrity are number and results as one opaque, then its checksum [G1]") {
  for (const Enctype enctype : kEnctypes) {
    const Ends ends(enctype);
    for (const std::size_t n : {0U, 4U, 16U, 4096U, 1U << 20}) {
      const Buffer results(n, 0x11);
      const Buffer body = ends.body(GssService::integrity, results);
      rpc::XdrReader r(body);
      const Buffer data = copy(r.opaque(~0U));
      const rpc::Bytes checksum = r.opaque(~0U);
      CHECK(r.at_end());
      CHECK(data == join({words({kSeq}), results}));
      CHECK(ends.client->verify_mic(data, checksum));
    }
  }
}

//= rfc2203#5.3.3.2
//# with privacy the results are encoded as the arguments were
TEST_CASE("results with privacy are number and results wrapped in one opaque [G1]") {
  for (const Enctype enctype : kEnctypes) {
    const Ends ends(enctype);
    for (const std::size_t n : {0U, 4U, 16U, 4096U, 1U << 20}) {
      const Buffer results(n, 0x22);
      const Buffer body = ends.body(GssService::privacy, results);
      rpc::XdrReader r(body);
      Buffer token = copy(r.opaque(~0U));
      CHECK(r.at_end());
      const auto plain = ends.client->unwrap(token);
      REQUIRE(plain.has_value());
      CHECK(copy(*plain) == join({words({kSeq}), results}));
    }
  }
}

TEST_CASE("results without integrity need no room and stay as they are [G1]") {
  const Ends ends(Enctype::aes256_sha1);
  CHECK(ends.body(GssService::none, words({1, 2})) == words({1, 2}));
}

//= rfc2203#5.3.3.4.1
//# results whose checksum cannot be made are not sent
TEST_CASE("a buffer that is smaller than the room, or of no whole words, is not sent [G1]") {
  const Ends ends(Enctype::aes256_sha384);
  for (const GssService service : {GssService::integrity, GssService::privacy}) {
    const ResultRoom room = result_room(service, 0, *ends.gateway);
    for (std::size_t n = 0; n < room.head + room.tail; ++n) {
      Buffer small(n);
      CHECK_FALSE(protect_results(service, kSeq, 1, small, *ends.gateway));
    }
    for (std::size_t more = 1; more < 4; ++more) {
      Buffer odd(room.head + room.tail + more);
      CHECK_FALSE(protect_results(service, kSeq, 1, odd, *ends.gateway));
    }
  }
}

//= rfc2203#5.3.3.2
//# the verifier of an accepted reply is the checksum of the request's sequence number in network order
//= rfc2203#5.2.3.1
//# the verifier of a successful creation is the checksum of seq_window in network order
TEST_CASE("a verifier is the checksum of four bytes, the most significant first [G1]") {
  for (const Enctype enctype : kEnctypes) {
    const Ends ends(enctype);
    for (const std::uint32_t number : {0U, 128U, 1024U, 0x01020304U, 0x7fffffffU}) {
      Verifier verifier;
      REQUIRE(make_verifier(number, 9, *ends.gateway, verifier));
      CHECK(verifier.size == ends.client->mic_size());
      CHECK(ends.client->verify_mic(words({number}), verifier.view()));
      CHECK_FALSE(ends.client->verify_mic(words({number + 1}), verifier.view()));
    }
  }
}

//= rfc2203#5.3.3.4.1
//# a reply whose verifier cannot be made is denied with RPCSEC_GSS_CTXPROBLEM
TEST_CASE("without a verifier a reply is a denial with 14 of auth_stat [G1]") {
  rpc::RejectionBytes out;
  const Buffer denied = copy(rpc::write_rejection(7, rpc::Rejection::auth(kNoVerifier), out));
  CHECK(denied == join({words({0x80000000U + 20, 7, 1, 1, 1, 14})}));
}

TEST_CASE("two verifiers of one number differ by their token numbers, which the client may check [G1]") {
  const Ends ends(Enctype::aes128_sha1);
  Verifier one;
  Verifier two;
  REQUIRE(make_verifier(1, 100, *ends.gateway, one));
  REQUIRE(make_verifier(1, 101, *ends.gateway, two));
  CHECK(copy(one.view()) != copy(two.view()));
  CHECK(one.bytes[15] == 100);
  CHECK(two.bytes[15] == 101);
}
