// Which NFS mounts go through a relay.
#pragma once

#include <cstdint>
#include <string_view>

namespace gatehouse::guest {

/// names_port: whether a mount in `mountinfo`, the text of a /proc/PID/mountinfo, is NFS over this TCP port of a
/// loopback address.
bool names_port(std::string_view mountinfo, std::uint16_t port);

/// mounted: names_port() of this process's mounts and, if there is none, of those of every other process: a mount may
/// live on in the namespace of a container or service. True when the table cannot be read: better to stay.
bool mounted(std::uint16_t port);

}  // namespace gatehouse::guest
