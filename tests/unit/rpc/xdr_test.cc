#include "rpc/xdr.h"

#include "tests/support/catch.h"
#include "tests/unit/rpc/bytes.h"

using namespace gatehouse::rpc;
using namespace gatehouse::test;

TEST_CASE("integers are read and written in network order [V3]") {
  const Buffer in = words({1, 0x01020304, 0xffffffff});
  XdrReader r(in);
  CHECK(r.u32() == 1);
  CHECK(r.u32() == 0x01020304);
  CHECK(r.u32() == 0xffffffff);
  CHECK(r.at_end());

  std::uint8_t room[12];
  XdrWriter w(room);
  w.u32(1);
  w.u32(0x01020304);
  w.u32(0xffffffff);
  CHECK(w.ok());
  CHECK(copy(w.written()) == in);
}

TEST_CASE("an error sticks: what is read behind it is zero and empty [V3]") {
  const Buffer in = words({7, 5});
  XdrReader r(in);
  CHECK(r.u32() == 7);
  CHECK(r.opaque(100).empty());  // five bytes are declared, none is there
  CHECK_FALSE(r.ok());
  CHECK(r.u32() == 0);
  CHECK(r.opaque(4).empty());
  CHECK(r.rest().empty());
  CHECK_FALSE(r.at_end());
}

TEST_CASE("an integer cut short at any byte is an error [V3]") {
  const Buffer in = words({0x01020304});
  for (std::size_t n = 0; n < in.size(); ++n) {
    XdrReader r(Bytes(in).first(n));
    CHECK(r.u32() == 0);
    CHECK_FALSE(r.ok());
  }
}

TEST_CASE("opaque data comes without its padding, which must be there [V3]") {
  for (std::uint32_t n = 0; n <= 9; ++n) {
    Buffer in = join({words({n}), Buffer(n, 0x61), Buffer(padded(n) - n, 0), words({42})});
    XdrReader r(in);
    CHECK(r.opaque(9).size() == n);
    CHECK(r.u32() == 42);
    CHECK(r.at_end());
    for (std::size_t cut = 0; cut < 4 + padded(n); ++cut) {
      XdrReader shorter(Bytes(in).first(cut));
      shorter.opaque(9);
      CHECK_FALSE(shorter.ok());
    }
  }
}

TEST_CASE("a declared length of limit + 1, 2^31 and 2^32-1 is an error before anything is taken [V3]") {
  for (const std::uint32_t n : {9U, 0x7fffffffU, 0x80000000U, 0xfffffffdU, 0xffffffffU}) {
    const Buffer in = join({words({n}), Buffer(64, 0x61)});
    XdrReader r(in);
    CHECK(r.opaque(8).empty());
    CHECK_FALSE(r.ok());
  }
  const Buffer in = words({0xffffffff, 0});
  XdrReader no_limit(in);
  CHECK(no_limit.opaque(0xffffffff).empty());
  CHECK_FALSE(no_limit.ok());
}

TEST_CASE("writing past the end writes nothing and sticks [V3]") {
  std::uint8_t room[8] = {};
  XdrWriter w(room);
  w.u32(1);
  w.text("abcdefgh");
  CHECK_FALSE(w.ok());
  w.u32(2);
  CHECK_FALSE(w.ok());
  CHECK(w.size() <= sizeof room);
}

TEST_CASE("text is written with its length and zero padding [V3]") {
  std::uint8_t room[16];
  std::memset(room, 0xee, sizeof room);
  XdrWriter w(room);
  w.text("abcde");
  CHECK(w.ok());
  CHECK(copy(w.written()) == join({words({5}), bytes("abcde"), Buffer(3, 0)}));
}
