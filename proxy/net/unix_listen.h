// Unix socket files to listen on.
#pragma once

#include <expected>
#include <string>

#include "proxy/net/listen.h"

namespace gatehouse::net {

/// open_unix: listens on a socket file with `mode` and `group` (empty: the daemon's own). A file in the way is replaced
/// only if it is a socket that nobody listens on. The file gets its final mode before it can be connected to.
std::expected<ListenSocket, ListenError> open_unix(const std::string& path, std::uint32_t mode,
                                                   const std::string& group);

/// set_access: mode and group of a socket file that is there.
std::expected<void, ListenError> set_access(const std::string& path, std::uint32_t mode, const std::string& group);

}  // namespace gatehouse::net
