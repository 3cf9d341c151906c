// The short way for most COMPOUNDs: what Rewrite makes of them, without its work for all the others.
#pragma once

#include "proxy/nfs/rewrite.h"

namespace gatehouse::nfs {

/// kSessionSize: NFS4_SESSIONID_SIZE.
inline constexpr std::size_t kSessionSize = 16;
/// kSessionEnd: the most bytes from a body's begin to the end of SEQUENCE's session id: status, tag, the number of
/// operations, the operation, its status, the id.
inline constexpr std::size_t kSessionEnd = 4 + 4 + kMaxTag + 4 + 4 + 4 + kSessionSize;

/// straight_call: where the session id of SEQUENCE stands in `in`, a whole call, if that is all that is to be changed:
/// it begins with SEQUENCE and then has only operations with nothing in them that the rules change or forbid. Writes
/// the call's note. 0: it is for Rewrite, whatever is wrong or special about it; `note` is as it was.
std::size_t straight_call(const Rules& rules, rpc::Bytes in, CallNote& note);

/// straight_reply: the same of the first bytes of a reply to a call whose note says session_alone, unless it tells of
/// an error.
std::size_t straight_reply(rpc::Bytes in);

/// change_session: the id under the guest's keys, to the server or to the guest. `memo` may be null.
void change_session(const GuestKeys& keys, bool to_server, SessionId id, SessionMemo* memo);

}  // namespace gatehouse::nfs
