// How events are made of what the gateway decides.
#pragma once

#include "gss/identity.h"
#include "proxy/audit/event.h"
#include "proxy/policy/decide.h"

namespace gatehouse::audit {

/// call_refused: by a rule of policy. `detail` is policy::describe's.
Event call_refused(const net::Peer& peer, const rpc::CallHeader& call, const policy::Decision& d,
                   std::string_view principal, std::string_view detail);
/// call_refused: by what its header or body turned out to be: `finding` under `rule`, answered by `reply`.
Event call_refused(const net::Peer& peer, const rpc::CallHeader& call, std::string_view rule, std::string_view finding,
                   std::string_view reply);
/// connection_refused: before a byte was read, by `rule`: "no-guest", "connections" or "draining".
Event connection_refused(const net::Peer& peer, std::string_view rule, std::string_view listener);
/// connection_shed: before anybody asked whose it was, by `rule`: "descriptors".
Event connection_shed(std::string_view rule);
/// connection_closed: for what came over it, by runtime::close_word `rule`.
Event connection_closed(const net::Peer& peer, std::string_view rule, std::string_view detail);
/// context_made: `acceptor` is "keytab" or "gssproxy".
Event context_made(const net::Peer& peer, const gss::Identity& who, std::string_view acceptor, std::int64_t until_s);
/// context_refused: `principal` as far as it is known.
Event context_refused(const net::Peer& peer, std::string_view principal, std::string_view rule, std::string_view why);
/// context_ended: `cause` is "expired", "destroyed", "evicted", "reload" or "admin".
Event context_ended(const gss::Identity& who, std::string_view cause);

}  // namespace gatehouse::audit
