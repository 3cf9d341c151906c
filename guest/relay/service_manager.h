// What a service manager passes and wants to hear: sd_listen_fds(3) and sd_notify(3), without libsystemd.
#pragma once

#include <string_view>
#include <vector>

#include "proxy/net/fd.h"

namespace gatehouse::guest {

/// passed_sockets: the descriptors of LISTEN_FDS, from 3 on, if LISTEN_PID is this process; they get FD_CLOEXEC and
/// O_NONBLOCK. The variables are taken out of the environment. Call once, before anything is opened.
std::vector<net::UniqueFd> passed_sockets();

/// notify: sends `state`, for example "READY=1", to NOTIFY_SOCKET; nothing happens where there is none.
void notify(std::string_view state);

}  // namespace gatehouse::guest
