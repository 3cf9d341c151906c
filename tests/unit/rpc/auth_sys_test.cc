#include "rpc/auth_sys.h"

#include "tests/support/catch.h"
#include "tests/unit/rpc/bytes.h"

using namespace gatehouse::rpc;
using namespace gatehouse::test;

namespace {

Buffer body(std::size_t name, std::uint32_t groups) {
  Buffer out = join({words({123, static_cast<std::uint32_t>(name)}), Buffer(name, 'm'), Buffer(padded(name) - name, 0),
                     words({1000, 100, groups})});
  for (std::uint32_t i = 0; i < groups; ++i) out = join({out, words({200 + i})});
  return out;
}

}  // namespace

TEST_CASE("0 and 16 groups are taken, 17 are not [P11]") {
  AuthSys a;
  const Buffer none = body(4, 0);
  REQUIRE(parse_auth_sys(none, a));
  CHECK(a.stamp == 123);
  CHECK(a.machine == "mmmm");
  CHECK(a.uid == 1000);
  CHECK(a.gid == 100);
  CHECK(a.groups().empty());
  const Buffer sixteen = body(4, 16);
  REQUIRE(parse_auth_sys(sixteen, a));
  REQUIRE(a.groups().size() == 16);
  CHECK(a.groups()[0] == 200);
  CHECK(a.groups()[15] == 215);
  CHECK_FALSE(parse_auth_sys(body(4, 17), a));
}

TEST_CASE("a machine name of 0 and 255 bytes is taken, of 256 it is not [P11]") {
  AuthSys a;
  CHECK(parse_auth_sys(body(0, 1), a));
  const Buffer longest = body(255, 16);
  CHECK(longest.size() == kMaxAuthSysBody);
  CHECK(parse_auth_sys(longest, a));
  CHECK(a.machine.size() == 255);
  CHECK_FALSE(parse_auth_sys(body(256, 1), a));
}

TEST_CASE("lengths of 2^31 and 2^32-1 for name and groups are refused [P11]") {
  AuthSys a;
  for (const std::uint32_t n : {0x80000000U, 0xffffffffU, 0x40000000U}) {
    CHECK_FALSE(parse_auth_sys(join({words({1, n}), Buffer(64, 0)}), a));
    CHECK_FALSE(parse_auth_sys(join({words({1, 0, 1000, 100, n}), Buffer(64, 0)}), a));
  }
}

TEST_CASE("a body cut at every byte, or with a byte too many, is malformed [P11]") {
  const Buffer whole = body(5, 3);
  AuthSys a;
  REQUIRE(parse_auth_sys(whole, a));
  for (std::size_t n = 0; n < whole.size(); ++n) CHECK_FALSE(parse_auth_sys(Bytes(whole).first(n), a));
  CHECK_FALSE(parse_auth_sys(join({whole, {0}}), a));
  CHECK_FALSE(parse_auth_sys(join({whole, words({0})}), a));
}

TEST_CASE("what is written is read back, at the largest size too [G7]") {
  AuthSys in;
  const std::string name(255, 'g');
  in.machine = name;
  in.uid = 7;
  in.gid = 8;
  in.gid_count = 16;
  for (std::uint32_t i = 0; i < 16; ++i) in.gids[i] = i;
  std::uint8_t room[kMaxAuthSysBody];
  XdrWriter w(room);
  write_auth_sys(w, in);
  REQUIRE(w.ok());
  CHECK(w.size() == kMaxAuthSysBody);
  AuthSys out;
  REQUIRE(parse_auth_sys(w.written(), out));
  CHECK(out.machine == name);
  CHECK(out.uid == 7);
  CHECK(out.gids == in.gids);
}
