#include "proxy/session/forward_memo.h"

#include <vector>

#include "tests/support/catch.h"

using namespace gatehouse;
using session::ForwardMemo;

namespace {

using Buffer = std::vector<std::uint8_t>;

Buffer sys_body(std::uint32_t uid) {
  Buffer room(rpc::kMaxAuthSysBody);
  rpc::XdrWriter w(room);
  rpc::AuthSys sys;
  sys.machine = "a-guest";
  sys.uid = uid;
  rpc::write_auth_sys(w, sys);
  room.resize(w.size());
  return room;
}

rpc::CallHeader call_with(const Buffer& cred) {
  rpc::CallHeader call;
  call.program = rpc::program::kNfs;
  call.version = 4;
  call.procedure = 1;
  call.cred = {1, cred};
  return call;
}

policy::Decision granted(std::uint32_t uid) {
  policy::Decision d;
  d.verdict = policy::Verdict::forward;
  d.flavor = rpc::AuthFlavor::sys;
  d.credential.uid = uid;
  return d;
}

}  // namespace

TEST_CASE("nothing matches an empty memo, not even an empty call") {
  CHECK_FALSE(ForwardMemo().matches({}));
}

TEST_CASE("a call that differs in anything a decision looks at is decided anew [V5]") {
  const Buffer root = sys_body(0), user = sys_body(1000);
  ForwardMemo memo;
  session::NfsNote note;
  note.kind = session::NfsKind::compound;
  memo.store(call_with(user), granted(1000), "web1", note);
  rpc::CallHeader same = call_with(user);
  same.xid = 99;
  CHECK(memo.matches(same));
  CHECK(memo.note() == note);

  CHECK_FALSE(memo.matches(call_with(root)));
  Buffer longer = user, shorter = user;
  longer.push_back(0);
  shorter.pop_back();
  CHECK_FALSE(memo.matches(call_with(longer)));
  CHECK_FALSE(memo.matches(call_with(shorter)));
  const std::vector<std::uint32_t rpc::CallHeader::*> fields = {&rpc::CallHeader::program, &rpc::CallHeader::version,
                                                                &rpc::CallHeader::procedure};
  for (const auto field : fields) {
    rpc::CallHeader other = call_with(user);
    other.*field += 1;
    CHECK_FALSE(memo.matches(other));
  }
  rpc::CallHeader other = call_with(user);
  other.cred.flavor = 6;
  CHECK_FALSE(memo.matches(other));
  other = call_with(user);
  other.verf.flavor = 1;
  CHECK_FALSE(memo.matches(other));
  other = call_with(user);
  other.verf.body = rpc::Bytes(user).first(4);
  CHECK_FALSE(memo.matches(other));
}

TEST_CASE("what goes to the backend is the decision's ids under the guest's name, and an empty verifier [L3, T1]") {
  const Buffer root = sys_body(0);
  ForwardMemo memo;
  memo.store(call_with(root), granted(65534), "web1", {});
  rpc::XdrReader r(memo.auth());
  CHECK(r.u32() == 1);
  rpc::AuthSys sys;
  REQUIRE(rpc::parse_auth_sys(r.opaque(rpc::kMaxAuthBytes), sys));
  CHECK(sys.machine == "web1");
  CHECK(sys.uid == 65534);
  CHECK(r.u32() == 0);
  CHECK(r.u32() == 0);
  CHECK(r.at_end());
}
