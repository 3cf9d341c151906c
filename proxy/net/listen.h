// Listening sockets of every kind the configuration knows.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <vector>

#include "proxy/config/config.h"
#include "proxy/net/fd.h"
#include "proxy/net/peer.h"

namespace gatehouse::net {

/// ListenSocket: a bound, listening, non-blocking socket and what its peers are.
struct ListenSocket {
  UniqueFd fd;
  bool hybrid = false;      ///< unix peers are VMMs
  std::string interface;    ///< device of a link-local listener
  std::string unlink_path;  ///< socket file that this process made; removed at the end
};

/// ListenError: why a listener is not up. `retry`: the interface or folder is not there yet; try again later. Otherwise
/// the configuration or the host must change.
struct ListenError {
  std::string text;
  bool retry = false;
};

/// PassedSocket: a descriptor the service manager passed, with its name (sd_listen_fds_with_names(3)).
struct PassedSocket {
  std::string name;
  int fd = -1;
};

/// passed_sockets: what the service manager passed to this process. The environment variables are taken out.
std::vector<PassedSocket> passed_sockets();

/// close_strangers: closes what was passed and is no socket, and takes it out of `passed`; its names, for the log.
std::vector<std::string> close_strangers(std::vector<PassedSocket>& passed);

/// open_listener: makes the socket of `l`. A stale unix socket file is replaced only if nobody listens on it; the new
/// file has the mode and group configured before anybody can connect. `systemd:` takes its socket out of `passed`.
std::expected<ListenSocket, ListenError> open_listener(const config::Listener& l, std::span<PassedSocket> passed);

/// apply_listener: what of `l` may change while it listens: mode and group of a socket file that this process made, and
/// vsock_buffer.
std::expected<void, ListenError> apply_listener(const ListenSocket& socket, const config::Listener& l);

}  // namespace gatehouse::net
