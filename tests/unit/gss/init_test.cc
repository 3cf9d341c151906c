#include "gss/init.h"

#include <utility>

#include "rpc/reply.h"
#include "tests/support/catch.h"
#include "tests/unit/rpc/bytes.h"

using namespace gatehouse;
using namespace gatehouse::gss;
using namespace gatehouse::test;

namespace {

Buffer reply(const InitResult& result, const Buffer& verifier) {
  Buffer out(init_reply_size(result, verifier));
  rpc::XdrWriter w(out);
  write_init_reply(w, 42, result, verifier);
  CHECK(w.ok());
  CHECK(w.size() == out.size());
  return out;
}

/// Seen: a creation reply as a client reads it.
struct Seen {
  Buffer record;  // what `head` views
  rpc::ReplyHeader head;
  Buffer handle;
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::uint32_t window = 0;
  Buffer token;
};

Seen read(Buffer record) {
  Seen seen;
  seen.record = std::move(record);
  REQUIRE(rpc::parse_reply_head(seen.record, true, seen.head) == rpc::HeadStatus::ok);
  rpc::XdrReader r(rpc::Bytes(seen.record).subspan(seen.head.verf_end + 4));
  seen.handle = copy(r.opaque(~0U));
  seen.major = r.u32();
  seen.minor = r.u32();
  seen.window = r.u32();
  seen.token = copy(r.opaque(~0U));
  CHECK(r.at_end());
  return seen;
}

Buffer token_args(std::size_t n) {
  return join({words({static_cast<std::uint32_t>(n)}), Buffer(n, 0x60), Buffer(rpc::padded(n) - n, 0)});
}

}  // namespace

//= rfc2203#5.2.2
//# the arguments of a creation request are one token
TEST_CASE("a token of 0 bytes to 256 KiB is taken, of one more it is not [G5]") {
  for (const std::size_t n : {0U, 1U, 2U, 3U, 4U, 2049U, 65536U, 65537U, kMaxToken}) {
    const Buffer args = token_args(n);
    const auto token = parse_init_args(args);
    REQUIRE(token.has_value());
    CHECK(token->size() == n);
    CHECK((n == 0 || token->data() == args.data() + 4));
  }
  CHECK(token_args(kMaxToken).size() == kMaxInitArgs);
  CHECK_FALSE(parse_init_args(token_args(kMaxToken + 1)).has_value());
}

TEST_CASE("creation arguments that are cut, or have bytes behind the token, are garbage [G1]") {
  const Buffer whole = token_args(5);
  for (std::size_t n = 0; n < whole.size(); ++n) CHECK_FALSE(parse_init_args(rpc::Bytes(whole).first(n)).has_value());
  CHECK_FALSE(parse_init_args(join({whole, {0}})).has_value());
  CHECK_FALSE(parse_init_args(join({whole, words({0})})).has_value());
  for (const std::uint32_t n : {0x80000000U, 0xfffffffcU, 0xffffffffU})
    CHECK_FALSE(parse_init_args(join({words({n}), Buffer(64, 0)})).has_value());
}

//= rfc2203#5.2.3.1
//# a creation is answered MSG_ACCEPTED, SUCCESS, with handle, major, minor, window and token
TEST_CASE("a creation that succeeded is answered with all that the client needs [G1]") {
  const Buffer handle(16, 0xaa);
  for (const std::size_t n : {0U, 1U, 2U, 3U, 4U, 155U}) {
    const Buffer token(n, 0x6f);
    for (const std::size_t mic : {28U, 32U, 40U}) {
      const Buffer verifier(mic, 0x04);
      const Seen seen = read(reply({handle, kGssComplete, 7, 1024, token}, verifier));
      CHECK(seen.head.xid == 42);
      CHECK_FALSE(seen.head.denied);
      CHECK(seen.head.accept_stat == rpc::AcceptStat::success);
      CHECK(seen.head.verf.is(rpc::AuthFlavor::rpcsec_gss));
      CHECK(copy(seen.head.verf.body) == verifier);
      CHECK(seen.handle == handle);
      CHECK(seen.major == 0);
      CHECK(seen.minor == 7);
      CHECK(seen.window == 1024);
      CHECK(seen.token == token);
    }
  }
}

//= rfc2203#5.2.3.1
//# when the creation failed, handle and token are empty
//= rfc2203#5.2.3.1
//# every other creation reply has an empty AUTH_NONE verifier
TEST_CASE("a creation that failed is answered with its majors and nothing else, whatever was at hand [G1]") {
  const Buffer bytes(40, 0xbb);
  for (const std::uint32_t major : {kGssNoContext, kGssDefectiveToken, kGssFailure, kGssUnauthorized, 1U}) {
    for (const InitResult& result :
         {InitResult{{}, major, 100001, 0, {}}, InitResult{bytes, major, 100001, 1024, bytes}}) {
      const Seen seen = read(reply(result, bytes));
      CHECK_FALSE(seen.head.denied);
      CHECK(seen.head.accept_stat == rpc::AcceptStat::success);
      CHECK(seen.head.verf.is_empty_none());
      CHECK(seen.handle.empty());
      CHECK(seen.major == major);
      CHECK(seen.minor == 100001);
      CHECK(seen.window == 0);
      CHECK(seen.token.empty());
    }
  }
}

//= rfc2203#A
//# a major status has the number that this appendix gives it
TEST_CASE("the majors of this side have the numbers of RFC 2203 [G1]") {
  CHECK(kGssComplete == 0x00000000);
  CHECK(kGssNoContext == 0x00080000);
  CHECK(kGssDefectiveToken == 0x00090000);
  CHECK(kGssFailure == 0x000d0000);
  CHECK(kGssUnauthorized == 0x000f0000);
}
