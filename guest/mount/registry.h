// Which relays run, one a target, so that two mounts share one and two at once start just one.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "guest/mount/nfs_options.h"
#include "proxy/net/address.h"
#include "proxy/net/fd.h"

namespace gatehouse::guest {

inline constexpr const char* kRegistry = "/run/gatehouse-guest";

/// InUse: holds the relay of a target while a mount is under way: as long as this (or a copy of its descriptor) is
/// there, the relay does not end for want of mounts.
struct InUse {
  net::UniqueFd lock;
  std::uint16_t port = 0;  ///< TCP port on 127.0.0.1
  /// keep_over_exec: programs that this process runs hold the relay too.
  void keep_over_exec() const;
};

/// RelayStarter: starts a relay that inherits `listener` and `entry` and keeps both open for all its life; returns what
/// went wrong, empty: nothing. `used_path` is for --exit-when-unused.
using RelayStarter = std::string (*)(const net::VsockAddress& to, net::UniqueFd listener, net::UniqueFd entry,
                                     const std::string& used_path);
/// ListenerMaker: a socket listening on 127.0.0.1, on port `wanted` if that is not 0 and free; sets `wanted` to its
/// port.
using ListenerMaker = std::expected<net::UniqueFd, std::string> (*)(std::uint16_t& wanted);

/// Registry: the folder with three files a target: "vsock-CID-PORT", whose text is the port and on which the relay
/// holds an exclusive flock while it lives; ".lock", which a helper holds exclusively while it looks or starts;
/// ".used", which helpers hold shared until they have mounted, and a relay exclusively when it ends. Files are never
/// removed: a lock on a removed file would exclude nobody.
class Registry {
 public:
  Registry(std::string folder, ListenerMaker listen, RelayStarter start)
      : folder_(std::move(folder)), listen_(listen), start_(start) {}

  /// find_or_start: the relay to `to`, which runs when this returns. The folder is made with mode 0755; one that others
  /// can write to is refused.
  std::expected<InUse, std::string> find_or_start(const net::VsockAddress& to);

 private:
  std::string folder_;
  ListenerMaker listen_;
  RelayStarter start_;
};

}  // namespace gatehouse::guest
