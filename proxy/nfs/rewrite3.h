// What the gateway changes in NFSv3, NFSACL and MOUNT messages, by the guest's rules: the session's entry to this
// folder for version 3.
#pragma once

#include "proxy/nfs/rewrite.h"
#include "proxy/nfs/v3.h"

namespace gatehouse::nfs {

/// Procedure3: what a message belongs to.
struct Procedure3 {
  Program3 program;
  std::uint32_t number;
  friend bool operator==(const Procedure3&, const Procedure3&) = default;
};

/// touches3: whether calls of the procedure, or their results, can be other than they came under the rules. Where not,
/// their bodies need not be looked at.
bool touches3_call(const Rules& rules, Procedure3 procedure);
bool touches3_reply(const Rules& rules, Procedure3 procedure);

/// rewrite3_call: the arguments. `in` may be a first part that has all the handles: what follows goes on as it is.
/// same, changed, answered (results in `out`: NFS3ERR_ROFS, or NFS3ERR_STALE for a handle of another guest), malformed,
/// no_room. `size`: bytes in `out`. `out` as of Rewrite, at least kMostFailure3 bytes.
Rewritten rewrite3_call(const Rules& rules, Procedure3 procedure, rpc::Bytes in, std::span<std::uint8_t> out,
                        std::size_t& size);

/// rewrite3_reply: the results, whole. same, changed, malformed, no_room, no_handle.
Rewritten rewrite3_reply(const Rules& rules, Procedure3 procedure, rpc::Bytes in, std::span<std::uint8_t> out,
                         std::size_t& size);

}  // namespace gatehouse::nfs
