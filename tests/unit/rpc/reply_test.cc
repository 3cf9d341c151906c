#include "rpc/reply.h"

#include "tests/support/catch.h"
#include "tests/unit/rpc/bytes.h"

using namespace gatehouse::rpc;
using namespace gatehouse::test;
using Kind = Rejection::Kind;

namespace {

Buffer rejection(const Rejection& r) {
  RejectionBytes room;
  return copy(write_rejection(0x11223344, r, room));
}
Buffer record(const Buffer& body) {
  return fragment(body, true);
}

}  // namespace

TEST_CASE("each rejection is the bytes of RFC 5531 section 9 [V3, P11]") {
  constexpr std::uint32_t xid = 0x11223344;
  // xid, REPLY, MSG_DENIED, reject_stat ...
  CHECK(rejection(Rejection::rpc_mismatch()) == record(words({xid, 1, 1, 0, 2, 2})));
  // xid, REPLY, MSG_ACCEPTED, AUTH_NONE, length 0, accept_stat ...
  CHECK(rejection(Rejection::of(Kind::prog_unavail)) == record(words({xid, 1, 0, 0, 0, 1})));
  CHECK(rejection(Rejection::prog_mismatch(3, 4)) == record(words({xid, 1, 0, 0, 0, 2, 3, 4})));
  CHECK(rejection(Rejection::of(Kind::proc_unavail)) == record(words({xid, 1, 0, 0, 0, 3})));
  CHECK(rejection(Rejection::of(Kind::garbage_args)) == record(words({xid, 1, 0, 0, 0, 4})));
  CHECK(rejection(Rejection::of(Kind::system_err)) == record(words({xid, 1, 0, 0, 0, 5})));
}

TEST_CASE("AUTH_ERROR carries each auth_stat by its number and name [V3, P11]") {
  const std::vector<std::pair<std::uint32_t, std::string>> all = {{0, "AUTH_OK"},
                                                                  {1, "AUTH_BADCRED"},
                                                                  {2, "AUTH_REJECTEDCRED"},
                                                                  {3, "AUTH_BADVERF"},
                                                                  {4, "AUTH_REJECTEDVERF"},
                                                                  {5, "AUTH_TOOWEAK"},
                                                                  {6, "AUTH_INVALIDRESP"},
                                                                  {7, "AUTH_FAILED"},
                                                                  {13, "RPCSEC_GSS_CREDPROBLEM"},
                                                                  {14, "RPCSEC_GSS_CTXPROBLEM"}};
  for (const auto& [number, name] : all) {
    const Rejection r = Rejection::auth(static_cast<AuthStat>(number));
    CHECK(rejection(r) == record(words({0x11223344, 1, 1, 1, number})));
    CHECK(rejection_name(r) == name);
  }
  CHECK(rejection_name(Rejection::prog_mismatch(1, 2)) == std::string("PROG_MISMATCH"));
  CHECK(rejection_name(Rejection::rpc_mismatch()) == std::string("RPC_MISMATCH"));
}

TEST_CASE("the answer to NULL and to an AUTH_TLS probe is an empty success [P12]") {
  RejectionBytes room;
  CHECK(copy(write_empty_success(9, room)) == record(words({9, 1, 0, 0, 0, 0})));
}

TEST_CASE("every rejection is read back as what it is [V3]") {
  ReplyHeader h;
  const auto read = [&](const Rejection& r) {
    const Buffer bytes = rejection(r);
    return parse_reply_head(Bytes(bytes).subspan(4), true, h);
  };
  CHECK(read(Rejection::auth(AuthStat::tooweak)) == HeadStatus::ok);
  CHECK(h.denied);
  CHECK(h.reject_stat == RejectStat::auth_error);
  CHECK(h.auth_stat == 5);
  CHECK(read(Rejection::rpc_mismatch()) == HeadStatus::ok);
  CHECK(h.reject_stat == RejectStat::rpc_mismatch);
  CHECK(read(Rejection::prog_mismatch(3, 4)) == HeadStatus::ok);
  CHECK_FALSE(h.denied);
  CHECK(h.accept_stat == AcceptStat::prog_mismatch);
  CHECK(h.xid == 0x11223344);
}

TEST_CASE("an accepted reply cut at every byte asks for more, and is malformed when there is no more [V3]") {
  const Buffer in = join({words({1, 1, 0, 6, 7}), Buffer(8, 1), words({0})});
  ReplyHeader h;
  REQUIRE(parse_reply_head(in, true, h) == HeadStatus::ok);
  CHECK(h.verf.flavor == 6);
  CHECK(h.verf.body.size() == 7);
  CHECK(h.verf_end == 28);
  for (std::size_t n = 0; n < in.size(); ++n) {
    CAPTURE(n);
    CHECK(parse_reply_head(Bytes(in).first(n), false, h) == HeadStatus::need_more);
    CHECK(parse_reply_head(Bytes(in).first(n), true, h) == HeadStatus::malformed);
  }
}

TEST_CASE("a denied reply cut at every byte asks for more, and is malformed when there is no more [V3]") {
  const Buffer in = words({1, 1, 1, 1, 5});
  ReplyHeader h;
  for (std::size_t n = 0; n < in.size(); ++n) {
    CHECK(parse_reply_head(Bytes(in).first(n), false, h) == HeadStatus::need_more);
    CHECK(parse_reply_head(Bytes(in).first(n), true, h) == HeadStatus::malformed);
  }
}

TEST_CASE("a reply whose numbers mean nothing is malformed, and a call is no reply [V3]") {
  ReplyHeader h;
  CHECK(parse_reply_head(words({1, 0, 2}), true, h) == HeadStatus::not_a_call);
  CHECK(parse_reply_head(words({1, 1, 2, 0, 0, 0}), true, h) == HeadStatus::malformed);  // reply_stat
  CHECK(parse_reply_head(words({1, 1, 0, 0, 0, 6}), true, h) == HeadStatus::malformed);  // accept_stat
  CHECK(parse_reply_head(words({1, 1, 1, 2, 0}), true, h) == HeadStatus::malformed);     // reject_stat
  CHECK(parse_reply_head(words({1, 1, 0, 0, 401}), false, h) == HeadStatus::bad_verf);   // verifier
  CHECK(parse_reply_head(words({1, 1, 0, 0, 0xffffffff}), false, h) == HeadStatus::bad_verf);
}
