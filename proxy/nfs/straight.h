// The short way for most COMPOUNDs: what Rewrite makes of them, without its work for all the others.
#pragma once

#include <optional>

#include "proxy/nfs/rewrite.h"

namespace gatehouse::nfs {

/// Straight: a message in which the session id of SEQUENCE, 16 bytes at `session`, is all that is to be changed.
struct Straight {
  std::size_t session = 0;
  CallNote note;  ///< of a call
};

/// straight_call: `in`, a whole call, if it begins with SEQUENCE and then has only operations with nothing in them that
/// the rules change or forbid. Nothing: it is for Rewrite, whatever is wrong or special about it.
std::optional<Straight> straight_call(const Rules& rules, rpc::Bytes in);

/// straight_reply: the first bytes of a reply to a call whose note says session_alone, unless it tells of an error.
std::optional<Straight> straight_reply(rpc::Bytes in);

/// change_session: the id under the guest's keys, to the server or to the guest. `memo` may be null.
void change_session(const GuestKeys& keys, bool to_server, SessionId id, SessionMemo* memo);

}  // namespace gatehouse::nfs
