// What a header is found to be: RFC 2203 section 5.3.3, row by row.
#include "gss/receive.h"

#include "tests/unit/gss/fixture.h"

using namespace gatehouse;
using namespace gatehouse::gss;
using namespace gatehouse::test;
using rpc::AuthStat;

//= rfc2203#5.3.3.1
//# version, service, handle, header checksum and sequence number of every request are verified
TEST_CASE("a call with a good header is taken, by every service and enctype [G1]") {
  for (const Enctype enctype : kEnctypes) {
    Gateway gateway;
    Client alice = gateway.client(terms(session_key(enctype)));
    for (const std::uint32_t service : {1U, 2U, 3U}) {
      const Received got = gateway.receive(alice, {.seq = service, .service = service});
      CHECK(got.finding == Finding::data);
      CHECK(got.context == alice.context);
      CHECK(got.cred.seq == service);
      CHECK(got.cred.service == service);
      CHECK(answered_by(got.finding) == AuthStat::ok);
    }
    CHECK(alice.context->last_used() == gateway.now.monotonic_ms);
  }
}

TEST_CASE(
    "the first check that fails gives the answer: each repair of a call wrong in everything meets the next [G1]") {
  Gateway gateway;
  Client alice = gateway.client();
  REQUIRE(gateway.finding(alice, {.seq = 500}) == Finding::data);
  Call call{.seq = rpc::kMaxGssSeq, .gss_proc = 9, .service = 9, .gss_version = 2};
  call.handle = Buffer(16, 0);
  call.verifier_flavor = 1;
  call.verifier = Buffer(3, 0);
  CHECK(gateway.finding(alice, call) == Finding::bad_version);
  call.gss_version = 1;
  CHECK(gateway.finding(alice, call) == Finding::bad_credential);
  call.gss_proc = 0;
  CHECK(gateway.finding(alice, call) == Finding::bad_credential);
  call.service = 1;
  CHECK(gateway.finding(alice, call) == Finding::unknown_handle);
  call.handle.reset();
  gateway.now.wall_s = kTicketEnd;
  CHECK(gateway.finding(alice, call) == Finding::expired);
  gateway.now = kNow;
  CHECK(gateway.finding(alice, call) == Finding::bad_verifier);
  call.verifier_flavor = 6;
  CHECK(gateway.finding(alice, call) == Finding::bad_mic);
  call.verifier.reset();
  CHECK(gateway.finding(alice, call) == Finding::sequence_end);
  call.seq = 1;
  CHECK(gateway.finding(alice, call) == Finding::below_window);
  call.seq = 500;
  CHECK(gateway.finding(alice, call) == Finding::replayed);
  call.seq = 501;
  CHECK(gateway.finding(alice, call) == Finding::data);
}

TEST_CASE("a call of procedure 0 with a good header is data like any other [G1]") {
  Gateway gateway;
  Client alice = gateway.client();
  CHECK(gateway.finding(alice, {.procedure = 0}) == Finding::data);
}

//= rfc2203#5.1
//# a version that is not supported is denied with AUTH_REJECTEDCRED
TEST_CASE("a creation request of another version is rejected, with 2 of auth_stat [G2, G3]") {
  Gateway gateway;
  Client alice = gateway.client();
  for (const std::uint32_t version : {0U, 2U, 3U, 4U, 0xffffffffU})
    for (const std::uint32_t proc : {1U, 2U, 4U, 5U}) {
      Call call = creation(proc);
      call.handle = Buffer{};
      call.gss_version = version;
      CHECK(gateway.finding(alice, call) == Finding::bad_version);
      CHECK(gateway.answer(alice, call) == AuthStat::rejectedcred);
    }
  // Of another version nothing but the version need be as in this one.
  CHECK(gateway.answer(alice, {.cred = words({2})}) == AuthStat::rejectedcred);
  CHECK(gateway.answer(alice, {.cred = words({2, 4, 1, 1, 500})}) == AuthStat::rejectedcred);
}

TEST_CASE("a version that is not supported is rejected with the handle of a context, too [G2, G3]") {
  Gateway gateway;
  Client alice = gateway.client();
  for (const std::uint32_t version : {0U, 2U, 3U, 4U}) {
    CHECK(gateway.answer(alice, {.gss_version = version}) == AuthStat::rejectedcred);
    CHECK(gateway.answer(alice, {.gss_version = version, .handle = Buffer(16, 1)}) == AuthStat::rejectedcred);
  }
  CHECK(gateway.finding(alice, {}) == Finding::data);
}

//= rfc2203#5.3.3.3
//# a bad length, an illegal control procedure or an illegal service is denied with AUTH_BADCRED
TEST_CASE("a credential of a bad length, an illegal procedure or service is a bad credential [G1]") {
  Gateway gateway;
  Client alice = gateway.client();
  const Buffer good = join({words({1, 0, 1, 1}), Client::opaque(copy(alice.context->handle()))});
  for (std::size_t n = 0; n < good.size(); ++n)
    CHECK(gateway.answer(alice, {.cred = copy(rpc::Bytes(good).first(n))}) == AuthStat::badcred);
  CHECK(gateway.answer(alice, {.cred = join({good, {0}})}) == AuthStat::badcred);
  CHECK(gateway.answer(alice, {.cred = join({good, words({0})})}) == AuthStat::badcred);
  for (const std::uint32_t length : {15U, 17U, 20U, 400U, 0x80000000U, 0xfffffffcU, 0xffffffffU})
    CHECK(gateway.answer(alice, {.cred = join({words({1, 0, 1, 1, length}), Buffer(16, 7)})}) ==
          (length == 15 ? AuthStat::gss_credproblem : AuthStat::badcred));
  for (const std::uint32_t proc : {4U, 5U, 6U, 7U, 0xffffffffU})
    CHECK(gateway.answer(alice, {.gss_proc = proc, .procedure = 0}) == AuthStat::badcred);
  for (const std::uint32_t service : {0U, 4U, 5U, 0xffffffffU}) {
    CHECK(gateway.answer(alice, {.service = service}) == AuthStat::badcred);
    CHECK(gateway.answer(alice, {.gss_proc = 3, .service = service, .procedure = 0}) == AuthStat::badcred);
  }
  CHECK(gateway.finding(alice, {}) == Finding::data);
}

//= rfc2203#5.3.3.3
//# a handle without a context is denied with RPCSEC_GSS_CREDPROBLEM
TEST_CASE("handles of 0 to 380 bytes that nobody was given are unknown [G12]") {
  Gateway gateway;
  Client alice = gateway.client();
  const Buffer own = copy(alice.context->handle());
  for (std::size_t n = 0; n <= 380; ++n) {
    Buffer handle = own;
    handle.resize(n, 0);
    if (n == own.size()) continue;
    CHECK(gateway.finding(alice, {.handle = handle}) == Finding::unknown_handle);
  }
  CHECK(gateway.answer(alice, {.handle = Buffer{}}) == AuthStat::gss_credproblem);
  for (std::size_t byte = 0; byte < own.size(); ++byte) {
    Buffer other = own;
    other[byte] ^= 1;
    CHECK(gateway.answer(alice, {.handle = other}) == AuthStat::gss_credproblem);
  }
}

TEST_CASE("a context of one guest is unknown to another, and looks as one that never was [G12]") {
  Gateway one;
  Gateway two;
  Client alice = one.client();
  const Received got = two.receive(alice, {});
  CHECK(got.finding == Finding::unknown_handle);
  CHECK(got.context == nullptr);
  CHECK(answered_by(got.finding) == two.answer(alice, {.handle = Buffer(16, 0)}));
  CHECK(one.finding(alice, {}) == Finding::data);
}

//= rfc2203#5.3.3.3
//# a context that expired in use is denied with RPCSEC_GSS_CTXPROBLEM
TEST_CASE("a call in a context whose ticket or lifetime ended is told so, DESTROY too [G12]") {
  Gateway gateway;
  Client alice = gateway.client();
  for (const Clock end : {Clock{kNow.monotonic_ms, kTicketEnd}, Clock{kLifetimeEnd, kNow.wall_s}}) {
    gateway.now = {end.monotonic_ms - 1, end.wall_s - 1};
    static std::uint32_t seq = 1;
    CHECK(gateway.finding(alice, {.seq = seq++}) == Finding::data);
    gateway.now = end;
    CHECK(gateway.answer(alice, {.seq = seq++}) == AuthStat::gss_ctxproblem);
    CHECK(gateway.answer(alice, {.seq = seq++, .gss_proc = 3, .procedure = 0}) == AuthStat::gss_ctxproblem);
    // Before the verifier is looked at: the client is to make a new context whatever it signs.
    CHECK(gateway.finding(alice, {.seq = seq++, .verifier_flavor = 0, .verifier = Buffer{}}) == Finding::expired);
  }
  CHECK(gateway.table.size() == 1);
}

TEST_CASE("the verifier of a call must be one of RPCSEC_GSS [G1]") {
  Gateway gateway;
  Client alice = gateway.client();
  for (const std::uint32_t flavor : {0U, 1U, 2U, 3U, 7U, 0xffffffffU}) {
    CHECK(gateway.finding(alice, {.verifier_flavor = flavor}) == Finding::bad_verifier);
    CHECK(gateway.answer(alice, {.verifier_flavor = flavor, .verifier = Buffer{}}) == AuthStat::badverf);
  }
}

//= rfc2203#5.3.3.3
//# a sequence number beyond the maximum is denied with RPCSEC_GSS_CTXPROBLEM
TEST_CASE("numbers 0 and MAXSEQ-1 are taken, MAXSEQ and above end the context [G1]") {
  Gateway gateway;
  Client alice = gateway.client();
  CHECK(gateway.finding(alice, {.seq = 0}) == Finding::data);
  for (const std::uint32_t seq : {rpc::kMaxGssSeq, rpc::kMaxGssSeq + 1, 0xffffffffU}) {
    CHECK(gateway.finding(alice, {.seq = seq}) == Finding::sequence_end);
    CHECK(gateway.answer(alice, {.seq = seq}) == AuthStat::gss_ctxproblem);
  }
  CHECK(gateway.finding(alice, {.seq = 1}) == Finding::data);
  CHECK(gateway.finding(alice, {.seq = rpc::kMaxGssSeq - 1}) == Finding::data);
}

//= rfc2203#5.3.3.1
//# a request whose number was seen gets no answer
//= rfc2203#5.3.3.1
//# a request below the window gets no answer
TEST_CASE("a number used twice, or below the window, closes the connection and nothing else [G1]") {
  Gateway gateway;
  Client alice = gateway.client();
  REQUIRE(gateway.finding(alice, {.seq = 1000}) == Finding::data);
  CHECK(gateway.finding(alice, {.seq = 1000}) == Finding::replayed);
  CHECK(gateway.finding(alice, {.seq = 1000 - 128}) == Finding::below_window);
  CHECK(closes(Finding::replayed));
  CHECK(closes(Finding::below_window));
  CHECK(gateway.finding(alice, {.seq = 1000 - 127}) == Finding::data);
  // The very same bytes again are a replay, however right their checksum is.
  const Buffer record = alice.record({.seq = 1001});
  CHECK(gateway.receive(record).finding == Finding::data);
  CHECK(gateway.receive(record).finding == Finding::replayed);
}
