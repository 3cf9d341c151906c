#include "proxy/session/forward_memo.h"

#include <algorithm>

namespace gatehouse::session {

bool ForwardMemo::matches(const rpc::CallHeader& call) const {
  return auth_size_ != 0 && call.program == program_ && call.version == version_ && call.procedure == procedure_ &&
         call.cred.flavor == flavor_ && call.verf.is_empty_none() &&
         std::ranges::equal(call.cred.body, rpc::Bytes(claim_).first(claim_size_));
}

void ForwardMemo::store(const rpc::CallHeader& call, const policy::Decision& d, std::string_view machine) {
  program_ = call.program;
  version_ = call.version;
  procedure_ = call.procedure;
  flavor_ = call.cred.flavor;
  claim_size_ = call.cred.body.size();
  std::ranges::copy(call.cred.body, claim_.begin());
  decision_ = d;

  std::array<std::uint8_t, rpc::kMaxAuthSysBody> body;
  rpc::XdrWriter cred(body);
  if (d.flavor == rpc::AuthFlavor::sys) {
    rpc::AuthSys sys;
    sys.machine = machine;
    sys.uid = d.credential.uid;
    sys.gid = d.credential.gid;
    sys.gid_count = d.credential.gid_count;
    sys.gids = d.credential.gids;
    rpc::write_auth_sys(cred, sys);
  }
  rpc::XdrWriter w(auth_);
  rpc::write_auth(w, d.flavor, cred.written());
  rpc::write_auth(w, rpc::AuthFlavor::none, {});
  auth_size_ = w.size();
}

}  // namespace gatehouse::session
