// The relay's listening sockets.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "guest/relay/address.h"
#include "proxy/net/fd.h"

namespace gatehouse::guest {

/// Listener: a listening, non-blocking socket of this machine's own: loopback TCP or unix.
struct Listener {
  net::UniqueFd fd;
  std::string address;      ///< as it is written, for logs
  std::uint16_t port = 0;   ///< TCP
  std::string unlink_path;  ///< a socket file that the relay made; removed at the end
};

/// open_listener: makes the socket, or says why not. A unix socket's file is for everybody (mode 0666): who connects is
/// asked for by SO_PEERCRED.
std::expected<Listener, std::string> open_listener(const LocalAddress& address);

/// adopt_listener: a socket that was passed to the relay. It must be a listening stream socket, unix or bound to a
/// loopback address: the error says what it is instead. `fd` is closed on error.
std::expected<Listener, std::string> adopt_listener(net::UniqueFd fd);

}  // namespace gatehouse::guest
