#include "proxy/session/credential.h"

#include "rpc/auth_sys.h"

namespace gatehouse::session {

void write_credential(rpc::XdrWriter& w, const policy::Decision& d, std::string_view machine) {
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
  rpc::write_auth(w, d.flavor, cred.written());
  rpc::write_auth(w, rpc::AuthFlavor::none, {});
}

void Forwarding::set(const policy::Decision& d, std::string_view machine) {
  decision_ = d;
  rpc::XdrWriter w(auth_);
  write_credential(w, d, machine);
  auth_size_ = w.size();
}

}  // namespace gatehouse::session
