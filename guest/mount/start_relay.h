// A relay of the mount helper's own, in the background.
#pragma once

#include <expected>
#include <string>

#include "proxy/net/address.h"
#include "proxy/net/fd.h"

namespace gatehouse::guest {

/// listen_reserved: see ListenerMaker (registry.h). The port is one of 288..307, below 1024: nobody but root could
/// listen there in the relay's place, should it ever be gone while its mounts are not.
std::expected<net::UniqueFd, std::string> listen_reserved(std::uint16_t& port);

/// start_relay: see RelayStarter (registry.h). Runs gatehouse-guest from the folder of this program, else from where it
/// is installed, as a session of its own with no terminal, no other descriptor and no capability but
/// CAP_NET_BIND_SERVICE; it logs to syslog. Waits until the program is there, not until it is ready: its socket takes
/// connections already.
std::string start_relay(const net::VsockAddress& to, net::UniqueFd listener, net::UniqueFd entry,
                        const std::string& used_path);

}  // namespace gatehouse::guest
