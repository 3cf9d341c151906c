// The header of a reply: viewed where it lies, and the rejections that the gateway makes itself.
#pragma once

#include <array>

#include "rpc/call.h"

namespace gatehouse::rpc {

/// ReplyHeader: view of a reply's header (RFC 5531 section 9, reply_body without results). Valid as long as the bytes
/// it was parsed from.
struct ReplyHeader {
  std::uint32_t xid = 0;
  bool denied = false;
  OpaqueAuth verf;                                    ///< of an accepted reply
  AcceptStat accept_stat = AcceptStat::success;       ///< of an accepted reply
  RejectStat reject_stat = RejectStat::rpc_mismatch;  ///< of a denied one
  std::uint32_t auth_stat = 0;  ///< of a denied one with reject_stat auth_error: as sent, any number
  std::size_t verf_end = 0;     ///< of an accepted reply: offset of accept_stat
};

/// parse_reply_head: views the reply header at the start of `head`; `complete` as for parse_call_head. Statuses used:
/// ok, need_more, not_a_call (msg_type is not REPLY), bad_verf, malformed.
HeadStatus parse_reply_head(Bytes head, bool complete, ReplyHeader& out);

/// Rejection: a reply that says no, by every way RFC 5531 section 9 has. A plain value.
struct Rejection {
  enum class Kind : std::uint8_t {
    rpc_mismatch,
    auth_error,
    prog_unavail,
    prog_mismatch,
    proc_unavail,
    garbage_args,
    system_err,
  };
  Kind kind = Kind::auth_error;
  AuthStat auth_stat = AuthStat::failed;  ///< for auth_error
  std::uint32_t low = 0;                  ///< for the mismatches: lowest and highest version there is
  std::uint32_t high = 0;

  static constexpr Rejection auth(AuthStat s) { return {Kind::auth_error, s, 0, 0}; }
  static constexpr Rejection of(Kind k) { return {k, AuthStat::ok, 0, 0}; }
  static constexpr Rejection rpc_mismatch() { return {Kind::rpc_mismatch, AuthStat::ok, kRpcVersion, kRpcVersion}; }
  static constexpr Rejection prog_mismatch(std::uint32_t lo, std::uint32_t hi) {
    return {Kind::prog_mismatch, AuthStat::ok, lo, hi};
  }
  friend bool operator==(const Rejection&, const Rejection&) = default;
};

/// kMaxRejection: size of the largest record that write_rejection makes: record mark, header with a verifier, two
/// versions.
inline constexpr std::size_t kMaxRejection = 4 + kMaxReplyHeader;
using RejectionBytes = std::array<std::uint8_t, kMaxRejection>;

/// write_rejection: encodes the reply record (one fragment, mark included) that refuses call `xid`; accepted replies
/// carry `verf`, denied ones have no place for it. Returns a view of `out`.
Bytes write_rejection(std::uint32_t xid, const Rejection& why, RejectionBytes& out, const OpaqueAuth& verf = {});

/// write_empty_success: encodes the reply record that accepts call `xid` with no results: the answer to NULL, to an
/// AUTH_TLS probe by a server without TLS (RFC 9289 section 4.1), and to DESTROY.
Bytes write_empty_success(std::uint32_t xid, RejectionBytes& out, const OpaqueAuth& verf = {});

/// rejection_name: the name RFC 5531 gives this rejection, for example "AUTH_TOOWEAK" or "PROG_MISMATCH".
const char* rejection_name(const Rejection& r);

}  // namespace gatehouse::rpc
