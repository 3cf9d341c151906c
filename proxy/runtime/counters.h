// What is counted, per guest.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "gss/receive.h"
#include "proxy/policy/decide.h"
#include "proxy/runtime/call_cells.h"
#include "proxy/runtime/cell.h"

namespace gatehouse::runtime {

/// CloseReason: why a connection ended. Each has a word for logs and counters (close_word).
enum class CloseReason : std::uint8_t {
  client_closed,     ///< end of file between records
  client_error,      ///< reset by the client, or the socket failed
  truncated_record,  ///< end of file in the middle of a record
  record_too_long,
  too_many_fragments,
  malformed_call,    ///< no rejection can be addressed: not even xid to procedure are there
  bad_message_type,  ///< neither CALL nor REPLY
  unexpected_reply,  ///< a REPLY to no call from the backend
  record_timeout,    ///< a record or header was left half-sent
  idle_timeout,
  buffered_bytes,       ///< the guest's buffer limit
  backend_closed,       ///< the link dropped with calls outstanding, or after NFSv4
  backend_unreachable,  ///< connect_timeout passed
  backend_malformed,    ///< the backend sent what is no RPC reply or call
  too_many_callbacks,   ///< calls from the backend without a reply
  gss_sequence,         ///< an RPCSEC_GSS sequence number was used twice, or is below the window
  xid_in_use,           ///< a call has the xid of an outstanding call of another principal or flavor
  nfs_too_large,        ///< an NFS message that must be changed, and cannot
  nfs_callback_reply,   ///< the client's answer to an NFS callback cannot be read
  gss_failed,           ///< OpenSSL refused to make or check a token
  guest_removed,        ///< by a reload: the peer is nobody's, another guest's, or no longer trusted
  listener_removed,     ///< by a reload
  backend_removed,      ///< by a reload, and it owed the client something
  reconfigured,         ///< by a reload: what the guest is known by to servers and clients is another
  evicted,              ///< by the administrator
  shutdown,             ///< the process ends, or drains the guest
};
inline constexpr std::size_t kCloseReasons = static_cast<std::size_t>(CloseReason::shutdown) + 1;
std::string_view close_word(CloseReason r);
/// refuses: whether the connection was closed for what its client did, rather than by the client, the backend or us.
bool refuses(CloseReason r);

/// Count: what is counted besides decisions by rule and closes by reason.
enum class Count : std::uint8_t {
  connections,       ///< accepted
  connections_shed,  ///< closed at once: limits.connections, or the guest is drained
  calls,
  replies,              ///< of backends, relayed
  replies_unmatched,    ///< of backends, to no outstanding call: dropped
  rejections,           ///< replies made by the gateway that say no
  callbacks,            ///< calls of backends, relayed
  backend_auth_errors,  ///< AUTH_ERROR of a backend, answered as AUTH_TOOWEAK
  waits_in_flight,      ///< a connection had to wait for limits.in_flight
  waits_init,           ///< an INIT had to wait for limits.nascent_contexts or limits.inits_per_second
  waits_answers,        ///< a client of rpcbind had to take its answers before more of its calls were read
  waits_gss_bytes,      ///< a krb5i or krb5p record had to wait for limits.gss_request_bytes or gss_reply_bytes
  contexts_established,
  contexts_refused,    ///< INITs that failed
  contexts_evicted,    ///< to make room under limits.contexts
  contexts_expired,    ///< swept
  contexts_destroyed,  ///< by the client
  garbage_args,        ///< RPCSEC_GSS arguments that could not be opened
  nfs_answered,        ///< NFS calls answered by the gateway
  unknown_state,       ///< replies that say a session, client or state id is unknown: another guest's, or forgotten
  foreign_handles,     ///< NFS calls with a file handle that the guest was not given
  bytes_in,            ///< from the client
  bytes_out,           ///< to the client
  log_lines_suppressed,
};
inline constexpr std::size_t kCounts = static_cast<std::size_t>(Count::log_lines_suppressed) + 1;
std::string_view count_word(Count c);

/// GuestCounters: one guest's counters on one thread.
struct GuestCounters {
  std::array<Cell, kCounts> counts;
  std::array<Cell, policy::kRuleCount> rules;
  std::array<Cell, kCloseReasons> closes;
  std::array<Cell, gss::kFindings> findings;  ///< RPCSEC_GSS headers
  CallCells calls;

  void add(Count c, std::uint64_t n = 1) { counts[static_cast<std::size_t>(c)].add(n); }
  void add(policy::Rule r) { rules[static_cast<std::size_t>(r)].add(1); }
  void add(gss::Finding f) { findings[static_cast<std::size_t>(f)].add(1); }
  void add(CloseReason r) { closes[static_cast<std::size_t>(r)].add(1); }
};

}  // namespace gatehouse::runtime
