#include "rpc/gss_cred.h"

namespace gatehouse::rpc {

//= rfc2203#5
//# a credential is version, procedure, sequence number, service and handle, and nothing else
bool parse_gss_cred(Bytes body, GssCred& out) {
  XdrReader r(body);
  out = {};
  out.version = r.u32();
  out.proc = r.u32();
  out.seq = r.u32();
  out.service = r.u32();
  out.handle = r.opaque(static_cast<std::uint32_t>(body.size()));
  return r.at_end();
}

void write_gss_cred(XdrWriter& w, const GssCred& in) {
  w.u32(in.version);
  w.u32(in.proc);
  w.u32(in.seq);
  w.u32(in.service);
  w.opaque(in.handle);
}

}  // namespace gatehouse::rpc
