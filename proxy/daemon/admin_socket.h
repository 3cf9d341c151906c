// [admin] socket of the running daemon.
#pragma once

#include <cstdint>
#include <memory>

#include "proxy/admin/server.h"
#include "proxy/daemon/control.h"

namespace gatehouse::daemon {

/// AdminSocket: [admin] socket, served. Belongs to the main thread.
class AdminSocket {
 public:
  /// open: null: there is none, or it cannot be had, which is logged: the guests' calls do not depend on it.
  static std::unique_ptr<AdminSocket> open(Gateway& gateway, const config::Admin& conf, std::int64_t started);

  /// reloaded: `conf` is in force from now on; or, when the reload was refused, still.
  void reloaded(const config::Admin& conf, const Reloaded& what);

 private:
  AdminSocket(Gateway& gateway, std::int64_t started) : control_(gateway, started) {}

  GatewayControl control_;
  std::unique_ptr<admin::Server> server_;
};

}  // namespace gatehouse::daemon
