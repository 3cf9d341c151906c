// The header of a call: viewed where it lies; its credential and verifier written anew for the backend.
#pragma once

#include "rpc/constants.h"
#include "rpc/xdr.h"

namespace gatehouse::rpc {

/// kCallFixed: bytes of a call header before the credential: xid, CALL, rpcvers, program, version, procedure.
inline constexpr std::size_t kCallFixed = 24;

/// OpaqueAuth: flavor and body of a credential or verifier (RFC 5531 section 8.2). `body` views the message.
struct OpaqueAuth {
  std::uint32_t flavor = 0;
  Bytes body;

  [[nodiscard]] bool is(AuthFlavor f) const { return flavor == static_cast<std::uint32_t>(f); }
  /// is_empty_none: AUTH_NONE with nothing in it, the verifier that AUTH_NONE, AUTH_SYS and AUTH_TLS calls carry.
  [[nodiscard]] bool is_empty_none() const { return is(AuthFlavor::none) && body.empty(); }
};

/// CallHeader: view of a call's header (RFC 5531 section 9, call_body without its arguments). Views the bytes it was
/// parsed from and is valid only as long as they are.
struct CallHeader {
  std::uint32_t xid = 0;
  std::uint32_t rpcvers = 0;
  std::uint32_t program = 0;
  std::uint32_t version = 0;
  std::uint32_t procedure = 0;
  OpaqueAuth cred;
  OpaqueAuth verf;
  std::size_t size = 0;  ///< bytes from xid to the end of the verifier, padding included
};

/// HeadStatus: what came of looking at the first bytes of a message.
enum class HeadStatus {
  ok,
  need_more,     ///< well so far, but the header does not end within the bytes given
  rpc_mismatch,  ///< rpcvers is not 2: only `xid` and `rpcvers` are set
  bad_cred,      ///< credential longer than 400 bytes, or it runs past the end of the record
  bad_verf,      ///< the same of the verifier
  not_a_call,    ///< msg_type is not CALL (of parse_reply_head: not REPLY)
  malformed,     ///< the record ends before the fields that a rejection would need, or a value has no meaning
};

/// parse_call_head: views the call header at the start of `head`. `complete` says that `head` is the whole record, so
/// that what does not fit is a fault of the record and not of the read. Fills `out` as far as it got: from `bad_cred`
/// on, xid to procedure are valid. Never allocates; never reads past `head`.
HeadStatus parse_call_head(Bytes head, bool complete, CallHeader& out);

/// message_type: msg_type of a record of which at least eight bytes are there; nothing else is checked.
inline std::uint32_t message_type(Bytes head) {
  return XdrReader(head.subspan(4)).u32();
}

/// read_auth: views a credential or verifier. False: it is longer than it may be (RFC 5531 section 8.2), and `r` stands
/// within it. What is not there makes `r` bad.
bool read_auth(XdrReader& r, OpaqueAuth& out);

/// write_auth: encodes a credential or verifier.
void write_auth(XdrWriter& w, AuthFlavor flavor, Bytes body);

}  // namespace gatehouse::rpc
