// The admin socket: requests and answers as lines of JSON, docs/operations/admin.md.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <string>

#include "proxy/admin/connection.h"
#include "proxy/admin/control.h"
#include "proxy/config/config.h"
#include "proxy/net/listen.h"

namespace gatehouse::admin {

/// Terms: the bounds of what clients may take.
struct Terms {
  std::size_t clients = 32;  ///< at a time; one more is told so and closed
  Patience patience = {};
};

/// open_socket: listens where [admin] socket says. The file lets the daemon's user in alone, or everybody where a group
/// is stated: one file has one group, so that rights are a matter of who connected, see Server. An error is one line.
std::expected<net::ListenSocket, std::string> open_socket(const config::Admin& conf);

/// Server: a thread of its own that waits for no client: each has its bounds in bytes and in time, and one that exceeds
/// them is closed. Who has no rights is told so and closed before anything is read.
class Server {
 public:
  /// start: serves on `at`; `control` outlives the server. An error says what the host refused.
  static std::expected<std::unique_ptr<Server>, std::string> start(net::ListenSocket at, Access access,
                                                                   Control& control, Terms terms = {});
  /// Closes all clients and ends the thread.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// set_access: from now on; whoever is connected keeps the rights it has. Thread-safe.
  void set_access(Access access);

 private:
  class Loop;
  explicit Server(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace gatehouse::admin
