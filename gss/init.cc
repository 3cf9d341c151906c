#include "gss/init.h"

#include "rpc/call.h"

namespace gatehouse::gss {
namespace {

// The results of a creation, as they may be sent.
InitResult as_sent(const InitResult& result) {
  if (result.major == kGssComplete) return result;
  //= rfc2203#5.2.3.1
  //# when the creation failed, handle and token are empty
  return {{}, result.major, result.minor, 0, {}};
}

//= rfc2203#5.2.3.1
//# every other creation reply has an empty AUTH_NONE verifier
rpc::OpaqueAuth verifier_of(const InitResult& result, rpc::Bytes mic) {
  if (result.major != kGssComplete || mic.empty()) return {};
  return {static_cast<std::uint32_t>(rpc::AuthFlavor::rpcsec_gss), mic};
}

}  // namespace

//= rfc2203#5.2.2
//# the arguments of a creation request are one token
std::optional<rpc::Bytes> parse_init_args(rpc::Bytes args) {
  rpc::XdrReader r(args);
  const rpc::Bytes token = r.opaque(kMaxToken);
  return r.at_end() ? std::optional(token) : std::nullopt;
}

std::size_t init_reply_size(const InitResult& result, rpc::Bytes verifier) {
  const InitResult sent = as_sent(result);
  const std::size_t verf = 8 + rpc::padded(verifier_of(result, verifier).body.size());
  return 12 + verf + 4 + (4 + rpc::padded(sent.handle.size())) + 12 + (4 + rpc::padded(sent.token.size()));
}

//= rfc2203#5.2.3.1
//# a creation is answered MSG_ACCEPTED, SUCCESS, with handle, major, minor, window and token
void write_init_reply(rpc::XdrWriter& w, std::uint32_t xid, const InitResult& result, rpc::Bytes verifier) {
  const InitResult sent = as_sent(result);
  const rpc::OpaqueAuth verf = verifier_of(result, verifier);
  w.u32(xid);
  w.u32(rpc::kReply);
  w.u32(rpc::kMsgAccepted);
  w.u32(verf.flavor);
  w.opaque(verf.body);
  w.u32(static_cast<std::uint32_t>(rpc::AcceptStat::success));
  w.opaque(sent.handle);
  w.u32(sent.major);
  w.u32(sent.minor);
  w.u32(sent.window);
  w.opaque(sent.token);
}

}  // namespace gatehouse::gss
