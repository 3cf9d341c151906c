// Whether an NFS service answers at the other end: asked before mounting, because mount.nfs cannot tell the cases
// apart.
#pragma once

#include <cstdint>
#include <string>

#include "guest/mount/nfs_options.h"
#include "guest/relay/address.h"

namespace gatehouse::guest {

/// ProbeOutcome: what came of one NULL call of NFS (program 100003, procedure 0).
enum class ProbeOutcome : std::uint8_t {
  answered,        ///< a reply came, even one that refuses this version
  no_nfs,          ///< a reply: no such program
  no_vsock,        ///< this kernel has no AF_VSOCK
  no_device,       ///< there is no way to that CID
  nobody_listens,  ///< the other end refused the connection
  no_connection,   ///< nobody answered the connection in time
  closed,          ///< connected, and closed before a byte came
  silent,          ///< connected, and no reply in time
  not_rpc,         ///< what came is no RPC reply
  no_privilege,    ///< this process may bind no reserved port
  failed,          ///< the system refused something else: see `error`
};

/// Probe: the outcome, and the errno where there is one.
struct Probe {
  ProbeOutcome outcome = ProbeOutcome::failed;
  int error = 0;
};

/// probe_vsock: asks the service at a vsock address, from a port below 1024 as the kernel's client will.
Probe probe_vsock(const net::VsockAddress& to);
/// probe_relay: asks through a relay on loopback.
Probe probe_relay(const RelayPort& relay);
/// ask: sends the call on a connection under way and reads the reply; takes at most 10 s for each step. `fd` is
/// non-blocking.
Probe ask(int fd);

/// explain: one line: what is wrong at vsock `to` and what to do. Empty for `answered`.
std::string explain(const Probe& probe, const net::VsockAddress& to);
/// explain: the same through a relay.
std::string explain(const Probe& probe, const RelayPort& relay);

}  // namespace gatehouse::guest
