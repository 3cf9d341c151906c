#include "rpc/call.h"

namespace gatehouse::rpc {
namespace {

// Reads one opaque_auth. need_more only while the record may still hold the rest of it.
HeadStatus read_header_auth(XdrReader& r, bool complete, HeadStatus bad, OpaqueAuth& out) {
  if (!read_auth(r, out)) return bad;
  if (!r.ok()) return complete ? bad : HeadStatus::need_more;
  return HeadStatus::ok;
}

}  // namespace

HeadStatus parse_call_head(Bytes head, bool complete, CallHeader& out) {
  const HeadStatus cut = complete ? HeadStatus::malformed : HeadStatus::need_more;
  XdrReader r(head);
  out.xid = r.u32();
  const std::uint32_t type = r.u32();
  if (!r.ok()) return cut;
  if (type != kCall) return HeadStatus::not_a_call;
  out.rpcvers = r.u32();
  if (!r.ok()) return cut;
  if (out.rpcvers != kRpcVersion) return HeadStatus::rpc_mismatch;
  out.program = r.u32();
  out.version = r.u32();
  out.procedure = r.u32();
  if (!r.ok()) return cut;
  if (const auto s = read_header_auth(r, complete, HeadStatus::bad_cred, out.cred); s != HeadStatus::ok) return s;
  if (const auto s = read_header_auth(r, complete, HeadStatus::bad_verf, out.verf); s != HeadStatus::ok) return s;
  out.size = head.size() - r.rest().size();
  return HeadStatus::ok;
}

bool read_auth(XdrReader& r, OpaqueAuth& out) {
  out.flavor = r.u32();
  const std::uint32_t length = r.u32();
  if (length > kMaxAuthBytes) return false;
  out.body = r.fixed(length);
  return true;
}

void write_auth(XdrWriter& w, AuthFlavor flavor, Bytes body) {
  w.u32(static_cast<std::uint32_t>(flavor));
  w.opaque(body);
}

}  // namespace gatehouse::rpc
