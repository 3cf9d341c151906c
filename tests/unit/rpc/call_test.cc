#include "rpc/call.h"

#include "tests/support/catch.h"
#include "tests/unit/rpc/bytes.h"

using namespace gatehouse::rpc;
using namespace gatehouse::test;

namespace {

constexpr std::uint32_t kSys = 1, kNone = 0;

Buffer auth(std::uint32_t flavor, std::size_t length) {
  return join({words({flavor, static_cast<std::uint32_t>(length)}), Buffer(padded(length), 0x5a)});
}
Buffer call(const Buffer& cred, const Buffer& verf) {
  return join({words({77, 0, 2, 100003, 4, 1}), cred, verf});
}

}  // namespace

TEST_CASE("a call header is viewed where it lies [V3]") {
  const Buffer in = join({call(auth(kSys, 20), auth(kNone, 0)), words({1, 2, 3})});
  CallHeader h;
  REQUIRE(parse_call_head(in, true, h) == HeadStatus::ok);
  CHECK(h.xid == 77);
  CHECK(h.program == 100003);
  CHECK(h.version == 4);
  CHECK(h.procedure == 1);
  CHECK(h.cred.is(AuthFlavor::sys));
  CHECK(h.cred.body.size() == 20);
  CHECK(h.cred.body.data() == in.data() + 32);
  CHECK(h.verf.is_empty_none());
  CHECK(h.size == in.size() - 12);
}

TEST_CASE("a call cut at every byte asks for more, and says what is missing when there is no more [V3, P11]") {
  const Buffer in = call(auth(kSys, 21), auth(kNone, 5));
  const std::size_t cred_end = 24 + 8 + 24;
  for (std::size_t n = 0; n < in.size(); ++n) {
    CAPTURE(n);
    CallHeader h;
    CHECK(parse_call_head(Bytes(in).first(n), false, h) == HeadStatus::need_more);
    const HeadStatus expected = n < 24         ? HeadStatus::malformed
                                : n < cred_end ? HeadStatus::bad_cred
                                               : HeadStatus::bad_verf;
    CHECK(parse_call_head(Bytes(in).first(n), true, h) == expected);
    if (n >= 24) CHECK(h.procedure == 1);
  }
}

TEST_CASE("a credential or verifier of 400 bytes passes, of 401 and more it is refused before its bytes come [P11]") {
  CallHeader h;
  CHECK(parse_call_head(call(auth(kSys, 400), auth(kNone, 400)), true, h) == HeadStatus::ok);
  CHECK(h.size <= kMaxCallHeader);
  for (const std::uint32_t length : {401U, 0x80000000U, 0xffffffffU}) {
    const Buffer cred = join({words({77, 0, 2, 100003, 4, 1}), words({kSys, length})});
    CHECK(parse_call_head(cred, false, h) == HeadStatus::bad_cred);
    const Buffer verf = join({words({77, 0, 2, 100003, 4, 1}), auth(kSys, 4), words({kNone, length})});
    CHECK(parse_call_head(verf, false, h) == HeadStatus::bad_verf);
  }
}

TEST_CASE("another RPC version is told from a call, with its xid known [V3]") {
  for (const std::uint32_t version : {0U, 1U, 3U, 0xffffffffU}) {
    CallHeader h;
    CHECK(parse_call_head(words({9, 0, version}), false, h) == HeadStatus::rpc_mismatch);
    CHECK(h.xid == 9);
    CHECK(h.rpcvers == version);
  }
}

TEST_CASE("a reply, or a message of no type, is not a call [V3]") {
  CallHeader h;
  for (const std::uint32_t type : {1U, 2U, 0xffffffffU}) {
    CHECK(parse_call_head(words({9, type}), false, h) == HeadStatus::not_a_call);
    CHECK(message_type(words({9, type})) == type);
  }
}

TEST_CASE("a credential is written with its length and padding, a verifier of AUTH_NONE empty [V3]") {
  std::uint8_t room[32];
  XdrWriter w(room);
  const Buffer body = {1, 2, 3, 4, 5};
  write_auth(w, AuthFlavor::sys, body);
  write_auth(w, AuthFlavor::none, {});
  CHECK(w.ok());
  CHECK(copy(w.written()) == join({words({1, 5}), body, Buffer{0, 0, 0}, words({0, 0})}));
}
