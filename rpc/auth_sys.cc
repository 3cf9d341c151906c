#include "rpc/auth_sys.h"

namespace gatehouse::rpc {

bool parse_auth_sys(Bytes body, AuthSys& out) {
  XdrReader r(body);
  out.stamp = r.u32();
  out.machine = r.text(kMaxMachineName);
  out.uid = r.u32();
  out.gid = r.u32();
  out.gid_count = r.u32();
  if (!r.ok() || out.gid_count > kMaxGids) return false;
  for (std::uint32_t i = 0; i < out.gid_count; ++i) out.gids[i] = r.u32();
  return r.at_end();
}

void write_auth_sys(XdrWriter& w, const AuthSys& in) {
  w.u32(in.stamp);
  w.text(in.machine);
  w.u32(in.uid);
  w.u32(in.gid);
  w.u32(in.gid_count);
  for (const std::uint32_t gid : in.groups()) w.u32(gid);
}

}  // namespace gatehouse::rpc
