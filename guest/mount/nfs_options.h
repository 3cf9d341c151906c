// What the kernel's NFS client has to be told besides the user's options.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "guest/mount/option_list.h"

namespace gatehouse::guest {

/// NfsVersion: what the options ask for.
enum class NfsVersion : std::uint8_t { v3, v40, v41, v42, newest4 };

/// version_of: by vers=, nfsvers=, minorversion=, v3, v4, v4.0, v4.1, v4.2; newest4 when nothing is said. The error
/// says which version is none.
std::expected<NfsVersion, std::string> version_of(const OptionList& options);

/// RelayPort: where a relay listens on loopback.
struct RelayPort {
  bool ipv6 = false;  ///< ::1 instead of 127.0.0.1
  std::uint16_t port = 0;
  /// host: as it stands in a mount source: "127.0.0.1" or "[::1]"; address: as it stands in addr=.
  [[nodiscard]] const char* host() const { return ipv6 ? "[::1]" : "127.0.0.1"; }
  [[nodiscard]] const char* address() const { return ipv6 ? "::1" : "127.0.0.1"; }
};

/// with_relay: the options for a mount through a relay: the user's and
///   port=, proto= (tcp or tcp6); without a version vers=4; NFSv3: mountport= and mountproto= (the gateway tells MOUNT
///   and NFS apart by program, so one port serves both) and nolock, unless locks are spoken of: NLM has its own
///   connections, which no relay carries, so locks of NFSv3 stay within this machine; NFSv4: clientaddr=0.0.0.0, since
///   a server of version 4.0 would call back to a loopback address, its own.
OptionList with_relay(const OptionList& options, NfsVersion version, const RelayPort& relay);

}  // namespace gatehouse::guest
