// gatehousectl's exit statuses: an interface, gatehousectl(8).
#pragma once

namespace gatehouse::ctl {

inline constexpr int kDone = 0;          ///< done; the configuration is good; the call is let in
inline constexpr int kRefused = 1;       ///< refused by the daemon, or found bad
inline constexpr int kError = 2;         ///< a usage error, or a configuration that does not load
inline constexpr int kNoDaemon = 3;      ///< nobody answers at the socket
inline constexpr int kNoPermission = 4;  ///< the socket or the daemon says so

}  // namespace gatehouse::ctl
