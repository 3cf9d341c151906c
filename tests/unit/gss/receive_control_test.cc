// Control messages: INIT, CONTINUE_INIT, DESTROY.
#include "gss/receive.h"
#include "tests/unit/gss/fixture.h"

using namespace gatehouse;
using namespace gatehouse::gss;
using namespace gatehouse::test;
using rpc::AuthStat;

//= rfc2203#5.3.3.1
//# a request whose procedure is not DATA is a control message
TEST_CASE("INIT is for the acceptor, CONTINUE_INIT fails, DESTROY is verified [G1]") {
  Gateway gateway;
  Client alice = gateway.client();
  CHECK(gateway.finding(alice, creation(1)) == Finding::create);
  CHECK(gateway.finding(alice, creation(2)) == Finding::create_failed);
  const Received destroyed = gateway.receive(alice, {.gss_proc = 3, .procedure = 0});
  CHECK(destroyed.finding == Finding::destroy);
  CHECK(destroyed.context == alice.context);
  CHECK(gateway.table.size() == 1);
}

//= rfc2203#5.2.2
//# a creation request names procedure 0
//= rfc2203#5.4
//# DESTROY names procedure 0
TEST_CASE("a control message with a procedure other than 0 is a bad credential [G1]") {
  Gateway gateway;
  Client alice = gateway.client();
  for (const std::uint32_t proc : {1U, 2U}) {
    Call call = creation(proc);
    call.procedure = 1;
    CHECK(gateway.answer(alice, call) == AuthStat::badcred);
  }
  CHECK(gateway.answer(alice, {.gss_proc = 3, .procedure = 1}) == AuthStat::badcred);
  CHECK(gateway.finding(alice, {.gss_proc = 3, .procedure = 0}) == Finding::destroy);
}

//= rfc2203#5.2.2
//# sequence number and service of a creation request are ignored
TEST_CASE("whatever sequence number and service a creation request has, it is one [G1]") {
  Gateway gateway;
  Client alice = gateway.client();
  for (const std::uint32_t seq : {0U, rpc::kMaxGssSeq, 0xffffffffU})
    for (const std::uint32_t service : {0U, 1U, 3U, 4U, 5U, 0xffffffffU})
      for (const std::uint32_t proc : {1U, 2U}) {
        Call call = creation(proc);
        call.seq = seq;
        call.service = service;
        CHECK(gateway.finding(alice, call) == (proc == 1 ? Finding::create : Finding::create_failed));
      }
}

//= rfc2203#5.2.2
//# the first creation request has an empty handle
TEST_CASE("an INIT that names a handle is a bad credential [G1]") {
  Gateway gateway;
  Client alice = gateway.client();
  for (const std::size_t length : {1U, 4U, 16U, 380U}) {
    Call call = creation(1);
    call.handle = Buffer(length, 1);
    CHECK(gateway.answer(alice, call) == AuthStat::badcred);
  }
  Call own = creation(1);
  own.handle = copy(alice.context->handle());
  CHECK(gateway.answer(alice, own) == AuthStat::badcred);
}

//= rfc2203#5.2.2
//# a creation request has an empty AUTH_NONE verifier
TEST_CASE("a creation request with a verifier is told that it is a bad one [G1]") {
  Gateway gateway;
  Client alice = gateway.client();
  for (const std::uint32_t proc : {1U, 2U}) {
    for (const std::uint32_t flavor : {1U, 3U, 6U, 0xffffffffU}) {
      Call call = creation(proc);
      call.verifier_flavor = flavor;
      CHECK(gateway.answer(alice, call) == AuthStat::badverf);
    }
    Call full = creation(proc);
    full.verifier = Buffer(4, 0);
    CHECK(gateway.answer(alice, full) == AuthStat::badverf);
  }
}

//= rfc2203#5.2.3.2
//# a creation request is never answered with RPCSEC_GSS_CREDPROBLEM or RPCSEC_GSS_CTXPROBLEM
TEST_CASE(
    "CONTINUE_INIT fails alike for any handle, in a context that is there, that expired and that never was [G1]") {
  Gateway gateway;
  Client alice = gateway.client();
  for (const Clock when : {kNow, Clock{kLifetimeEnd, kTicketEnd}}) {
    gateway.now = when;
    for (const Buffer& handle : {copy(alice.context->handle()), Buffer(16, 0), Buffer{}, Buffer(380, 9)}) {
      Call call = creation(2);
      call.handle = handle;
      CHECK(gateway.finding(alice, call) == Finding::create_failed);
      CHECK(gateway.answer(alice, call) == AuthStat::ok);
    }
  }
  gateway.now = kNow;
  CHECK(gateway.finding(alice, {}) == Finding::data);
}

//= rfc2203#5.4
//# DESTROY needs a valid sequence number and a valid header checksum
TEST_CASE("DESTROY without a good checksum and number of its own leaves the context as it was [G12]") {
  Gateway gateway;
  Client alice = gateway.client();
  REQUIRE(gateway.finding(alice, {.seq = 1000}) == Finding::data);
  const Call destroy{.seq = 1001, .gss_proc = 3, .procedure = 0};
  for (const std::size_t length : {std::size_t{0}, std::size_t{28}}) {
    Call call = destroy;
    call.verifier = Buffer(length, 0);
    CHECK(gateway.answer(alice, call) == AuthStat::gss_credproblem);
  }
  Call other = destroy;
  other.verifier = alice.mic(words({1}));
  CHECK(gateway.finding(alice, other) == Finding::bad_mic);
  Call none = destroy;
  none.verifier_flavor = 0;
  CHECK(gateway.finding(alice, none) == Finding::bad_verifier);
  Call again = destroy;
  again.seq = 1000;
  CHECK(gateway.finding(alice, again) == Finding::replayed);
  Call old = destroy;
  old.seq = 1;
  CHECK(gateway.finding(alice, old) == Finding::below_window);
  Call end = destroy;
  end.seq = rpc::kMaxGssSeq;
  CHECK(gateway.finding(alice, end) == Finding::sequence_end);
  CHECK_FALSE(alice.context->retired());
  CHECK(gateway.finding(alice, destroy) == Finding::destroy);
}

//= rfc2203#5.4
//# after DESTROY the context is gone
TEST_CASE("a call in a context that was destroyed is one without a context, also where it is remembered [G12]") {
  Gateway gateway;
  Client alice = gateway.client();
  const Received got = gateway.receive(alice, {.gss_proc = 3, .procedure = 0});
  REQUIRE(got.finding == Finding::destroy);
  REQUIRE(gateway.table.remove(*got.context));
  CHECK(gateway.answer(alice, {.seq = 2}) == AuthStat::gss_credproblem);

  // A session that kept the context beside the table.
  struct Kept final : Known {
    std::shared_ptr<Context> find(rpc::Bytes) override { return context; }
    std::shared_ptr<Context> context;
  } kept;
  kept.context = alice.context;
  const Buffer record = alice.record({.seq = 3});
  rpc::CallHeader head;
  REQUIRE(rpc::parse_call_head(record, true, head) == rpc::HeadStatus::ok);
  CHECK(receive(head, record, kept, kNow, 0).finding == Finding::unknown_handle);
}
