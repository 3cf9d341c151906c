#include "rpc/reply.h"

#include "rpc/record.h"

namespace gatehouse::rpc {
namespace {

// How a kind of rejection looks on the wire: one row each, in the order of Rejection::Kind.
struct Shape {
  bool denied;
  std::uint32_t stat;     // reject_stat or accept_stat
  bool carries_versions;  // followed by low and high
  const char* name;
};
constexpr Shape kShapes[] = {
    {true, static_cast<std::uint32_t>(RejectStat::rpc_mismatch), true, "RPC_MISMATCH"},
    {true, static_cast<std::uint32_t>(RejectStat::auth_error), false, "AUTH_ERROR"},
    {false, static_cast<std::uint32_t>(AcceptStat::prog_unavail), false, "PROG_UNAVAIL"},
    {false, static_cast<std::uint32_t>(AcceptStat::prog_mismatch), true, "PROG_MISMATCH"},
    {false, static_cast<std::uint32_t>(AcceptStat::proc_unavail), false, "PROC_UNAVAIL"},
    {false, static_cast<std::uint32_t>(AcceptStat::garbage_args), false, "GARBAGE_ARGS"},
    {false, static_cast<std::uint32_t>(AcceptStat::system_err), false, "SYSTEM_ERR"},
};
constexpr const Shape& shape(Rejection::Kind k) {
  return kShapes[static_cast<std::size_t>(k)];
}

const char* auth_stat_name(AuthStat s) {
  switch (s) {
    case AuthStat::ok: return "AUTH_OK";
    case AuthStat::badcred: return "AUTH_BADCRED";
    case AuthStat::rejectedcred: return "AUTH_REJECTEDCRED";
    case AuthStat::badverf: return "AUTH_BADVERF";
    case AuthStat::rejectedverf: return "AUTH_REJECTEDVERF";
    case AuthStat::tooweak: return "AUTH_TOOWEAK";
    case AuthStat::invalidresp: return "AUTH_INVALIDRESP";
    case AuthStat::failed: return "AUTH_FAILED";
    case AuthStat::gss_credproblem: return "RPCSEC_GSS_CREDPROBLEM";
    case AuthStat::gss_ctxproblem: return "RPCSEC_GSS_CTXPROBLEM";
  }
  return "AUTH_ERROR";
}

// Starts a reply behind room for the record mark.
XdrWriter begin_reply(std::uint32_t xid, bool denied, const OpaqueAuth& verf, RejectionBytes& out) {
  XdrWriter w(out);
  w.u32(0);  // the record mark, known when the reply is complete
  w.u32(xid);
  w.u32(kReply);
  w.u32(denied ? kMsgDenied : kMsgAccepted);
  if (!denied) {
    w.u32(verf.flavor);
    w.opaque(verf.body);
  }
  return w;
}

Bytes finish_reply(const XdrWriter& w, RejectionBytes& out) {
  XdrWriter(out).u32(last_fragment_mark(static_cast<std::uint32_t>(w.size() - 4)));
  return w.written();
}

HeadStatus parse_accepted(XdrReader& r, Bytes head, bool complete, ReplyHeader& out) {
  const HeadStatus cut = complete ? HeadStatus::malformed : HeadStatus::need_more;
  if (!read_auth(r, out.verf)) return HeadStatus::bad_verf;
  out.verf_end = head.size() - r.rest().size();
  const std::uint32_t stat = r.u32();
  if (!r.ok()) return cut;
  if (stat > static_cast<std::uint32_t>(AcceptStat::system_err)) return HeadStatus::malformed;
  out.accept_stat = static_cast<AcceptStat>(stat);
  return HeadStatus::ok;
}

HeadStatus parse_denied(XdrReader& r, bool complete, ReplyHeader& out) {
  const std::uint32_t stat = r.u32();
  const std::uint32_t value = r.u32();
  if (!r.ok()) return complete ? HeadStatus::malformed : HeadStatus::need_more;
  if (stat > static_cast<std::uint32_t>(RejectStat::auth_error)) return HeadStatus::malformed;
  out.reject_stat = static_cast<RejectStat>(stat);
  out.auth_stat = out.reject_stat == RejectStat::auth_error ? value : 0;
  return HeadStatus::ok;
}

}  // namespace

HeadStatus parse_reply_head(Bytes head, bool complete, ReplyHeader& out) {
  XdrReader r(head);
  out.xid = r.u32();
  const std::uint32_t type = r.u32();
  const std::uint32_t stat = r.u32();
  if (!r.ok()) return complete ? HeadStatus::malformed : HeadStatus::need_more;
  if (type != kReply) return HeadStatus::not_a_call;
  out.denied = stat == kMsgDenied;
  if (out.denied) return parse_denied(r, complete, out);
  if (stat != kMsgAccepted) return HeadStatus::malformed;
  return parse_accepted(r, head, complete, out);
}

Bytes write_rejection(std::uint32_t xid, const Rejection& why, RejectionBytes& out, const OpaqueAuth& verf) {
  const Shape& s = shape(why.kind);
  XdrWriter w = begin_reply(xid, s.denied, verf, out);
  w.u32(s.stat);
  if (why.kind == Rejection::Kind::auth_error) w.u32(static_cast<std::uint32_t>(why.auth_stat));
  if (s.carries_versions) {
    w.u32(why.low);
    w.u32(why.high);
  }
  return finish_reply(w, out);
}

Bytes write_empty_success(std::uint32_t xid, RejectionBytes& out, const OpaqueAuth& verf) {
  XdrWriter w = begin_reply(xid, false, verf, out);
  w.u32(static_cast<std::uint32_t>(AcceptStat::success));
  return finish_reply(w, out);
}

const char* rejection_name(const Rejection& r) {
  return r.kind == Rejection::Kind::auth_error ? auth_stat_name(r.auth_stat) : shape(r.kind).name;
}

}  // namespace gatehouse::rpc
