#include "proxy/runtime/counters.h"

namespace gatehouse::runtime {
namespace {
constexpr std::array<std::string_view, kCloseReasons> kCloseWords = {
    "client-closed",  "client-error",     "truncated-record",    "record-too-long",    "too-many-fragments",
    "malformed-call", "bad-message-type", "unexpected-reply",    "record-timeout",     "idle-timeout",
    "buffered-bytes", "backend-closed",   "backend-unreachable", "backend-malformed",  "too-many-callbacks",
    "gss-sequence",   "xid-in-use",       "nfs-too-large",       "nfs-callback-reply", "gss-failed",
    "guest-removed",  "listener-removed", "backend-removed",     "reconfigured",       "evicted",
    "shutdown"};
constexpr std::array<std::string_view, kCounts> kCountWords = {"connections",
                                                               "connections_shed",
                                                               "calls",
                                                               "replies",
                                                               "replies_unmatched",
                                                               "rejections",
                                                               "callbacks",
                                                               "backend_auth_errors",
                                                               "waits_in_flight",
                                                               "waits_init",
                                                               "waits_answers",
                                                               "waits_gss_bytes",
                                                               "contexts_established",
                                                               "contexts_refused",
                                                               "contexts_evicted",
                                                               "contexts_expired",
                                                               "contexts_destroyed",
                                                               "garbage_args",
                                                               "nfs_answered",
                                                               "unknown_state",
                                                               "foreign_handles",
                                                               "bytes_in",
                                                               "bytes_out",
                                                               "log_lines_suppressed"};
}  // namespace

std::string_view close_word(CloseReason r) {
  return kCloseWords[static_cast<std::size_t>(r)];
}
bool refuses(CloseReason r) {
  switch (r) {
    case CloseReason::client_closed:
    case CloseReason::client_error:
    case CloseReason::idle_timeout:
    case CloseReason::backend_closed:
    case CloseReason::backend_unreachable:
    case CloseReason::backend_malformed:
    case CloseReason::too_many_callbacks:
    case CloseReason::gss_failed:
    case CloseReason::guest_removed:
    case CloseReason::listener_removed:
    case CloseReason::backend_removed:
    case CloseReason::reconfigured:
    case CloseReason::evicted:
    case CloseReason::shutdown: return false;
    default: return true;
  }
}

std::string_view count_word(Count c) {
  return kCountWords[static_cast<std::size_t>(c)];
}

}  // namespace gatehouse::runtime
