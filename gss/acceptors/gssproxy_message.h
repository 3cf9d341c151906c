// Calls to gssproxy and its replies, as bytes.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>
#include <vector>

#include "gss/acceptors/acceptor.h"
#include "rpc/xdr.h"

namespace gatehouse::gss {

/// kMaxGssproxyMessage: gssproxy's own limit on a message, without its mark.
inline constexpr std::uint32_t kMaxGssproxyMessage = 1U << 20;

/// encode_accept_call: the record, mark included, of one fragment (gssproxy takes no other), that asks gssproxy to
/// accept `token` (procedure 9 of GSSX), to export the context as linux_lucid_v1 and the account as linux_creds_v1.
/// Empty: the token does not fit.
std::vector<std::uint8_t> encode_accept_call(std::uint32_t xid, rpc::Bytes token);

/// read_accept_reply: what `reply`, a record without its mark, says to call `xid`. Every length in it is checked
/// against what is there before anything is allocated by it. Refused::unavailable when it is no reply to this call at
/// all: the connection is then out of step.
std::expected<Accepted, Refused> read_accept_reply(rpc::Bytes reply, std::uint32_t xid, std::string_view service);

/// parse_linux_creds: gssproxy's `linux_creds_v1`: host byte order, u32 uid, gid, count, gids[count], at most 65536 of
/// them. `ids` is nothing afterwards for a principal without an account (ids of -1). False: malformed.
bool parse_linux_creds(rpc::Bytes blob, std::optional<Ids>& ids);

}  // namespace gatehouse::gss
