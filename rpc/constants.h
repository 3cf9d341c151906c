// Numbers of ONC RPC (RFC 5531), RPCSEC_GSS (RFC 2203) and RPC-over-TLS (RFC 9289).
#pragma once

#include <cstdint>

namespace gatehouse::rpc {

inline constexpr std::uint32_t kRpcVersion = 2;
inline constexpr std::uint32_t kCall = 0;   // msg_type CALL
inline constexpr std::uint32_t kReply = 1;  // msg_type REPLY
inline constexpr std::uint32_t kMsgAccepted = 0;
inline constexpr std::uint32_t kMsgDenied = 1;

/// kMaxAuthBytes: the most an opaque_auth body may hold (RFC 5531 section 8.2).
inline constexpr std::uint32_t kMaxAuthBytes = 400;
/// kMaxCallHeader: xid .. procedure, then credential and verifier, both at their largest.
inline constexpr std::uint32_t kMaxCallHeader = 24 + 2 * (8 + kMaxAuthBytes);
/// kMaxReplyHeader: xid, type, stat, verifier at its largest, accept_stat and two versions.
inline constexpr std::uint32_t kMaxReplyHeader = 12 + 8 + kMaxAuthBytes + 12;

/// AuthFlavor: auth_flavor of RFC 5531 section 8.1 and the flavors assigned since. Any other number is legal on the
/// wire and simply not one of these.
enum class AuthFlavor : std::uint32_t { none = 0, sys = 1, short_hand = 2, dh = 3, rpcsec_gss = 6, tls = 7 };

/// AuthStat: auth_stat of RFC 5531 section 9, with RFC 2203's two.
enum class AuthStat : std::uint32_t {
  ok = 0,
  badcred = 1,
  rejectedcred = 2,
  badverf = 3,
  rejectedverf = 4,
  tooweak = 5,
  invalidresp = 6,
  failed = 7,
  gss_credproblem = 13,
  gss_ctxproblem = 14,
};

/// AcceptStat: accept_stat of RFC 5531 section 9.
enum class AcceptStat : std::uint32_t {
  success = 0,
  prog_unavail = 1,
  prog_mismatch = 2,
  proc_unavail = 3,
  garbage_args = 4,
  system_err = 5,
};

/// RejectStat: reject_stat of RFC 5531 section 9.
enum class RejectStat : std::uint32_t { rpc_mismatch = 0, auth_error = 1 };

namespace program {
inline constexpr std::uint32_t kRpcbind = 100000;
inline constexpr std::uint32_t kNfs = 100003;
inline constexpr std::uint32_t kMountd = 100005;
inline constexpr std::uint32_t kNlm = 100021;
inline constexpr std::uint32_t kNsm = 100024;
inline constexpr std::uint32_t kNfsAcl = 100227;
}  // namespace program

}  // namespace gatehouse::rpc
