#include "rpc/gss_cred.h"

#include "tests/support/catch.h"
#include "tests/unit/rpc/bytes.h"

using namespace gatehouse::rpc;
using namespace gatehouse::test;

namespace {

Buffer body(std::size_t handle) {
  return join({words({1, 0, 5, 3, static_cast<std::uint32_t>(handle)}), Buffer(handle, 'h'),
               Buffer(padded(handle) - handle, 0)});
}

}  // namespace

//= rfc2203#5
//# a credential is version, procedure, sequence number, service and handle, and nothing else
TEST_CASE("handles of 0 to 380 bytes are read, from exactly the bytes they need [G1]") {
  for (std::size_t n = 0; n <= 380; ++n) {
    const Buffer whole = body(n);
    GssCred cred;
    REQUIRE(parse_gss_cred(whole, cred));
    CHECK(cred.version == 1);
    CHECK(cred.is(GssProc::data));
    CHECK_FALSE(cred.is(GssProc::init));
    CHECK(cred.seq == 5);
    CHECK(cred.service == 3);
    CHECK(copy(cred.handle) == Buffer(n, 'h'));
    CHECK_FALSE(parse_gss_cred(join({whole, {0}}), cred));
    CHECK_FALSE(parse_gss_cred(join({whole, words({0})}), cred));
  }
}

TEST_CASE("a credential cut at every byte is malformed, and its version is there as soon as four bytes are [G1]") {
  const Buffer whole = body(16);
  for (std::size_t n = 0; n < whole.size(); ++n) {
    GssCred cred;
    CHECK_FALSE(parse_gss_cred(Bytes(whole).first(n), cred));
    CHECK(cred.version == (n < 4 ? 0 : 1));
    CHECK(cred.handle.empty());
  }
}

TEST_CASE("a handle longer than the body holds, up to 2^32-1, is malformed [G1]") {
  GssCred cred;
  for (const std::uint32_t n : {17U, 20U, 21U, 400U, 0x7fffffffU, 0x80000000U, 0xfffffffcU, 0xfffffffdU, 0xffffffffU})
    CHECK_FALSE(parse_gss_cred(join({words({1, 0, 1, 1, n}), Buffer(16, 0)}), cred));
}

TEST_CASE("any number is read as it is: what it means is not the parser's to say [G1]") {
  GssCred cred;
  REQUIRE(parse_gss_cred(words({0xffffffff, 7, 0x80000000, 9, 0}), cred));
  CHECK(cred.version == 0xffffffff);
  CHECK(cred.proc == 7);
  CHECK(cred.seq == kMaxGssSeq);
  CHECK(cred.service == 9);
}

TEST_CASE("a credential is written as it is read [G1]") {
  for (const std::size_t n : {0U, 1U, 16U, 380U}) {
    const Buffer whole = body(n);
    GssCred cred;
    REQUIRE(parse_gss_cred(whole, cred));
    Buffer room(whole.size());
    XdrWriter w(room);
    write_gss_cred(w, cred);
    REQUIRE(w.ok());
    CHECK(copy(w.written()) == whole);
  }
}
