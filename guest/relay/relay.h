// The event loop: one thread, all connections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "guest/relay/connection.h"
#include "guest/relay/listen.h"
#include "guest/relay/unused.h"
#include "proxy/runtime/log_limiter.h"

namespace gatehouse::guest {

/// Relay: accepts, dials and carries until a signal says stop, or until it is unused. Not thread-safe; everything
/// happens in run().
class Relay : private Owner {
 public:
  Relay(Upstream to, std::size_t max_connections);
  ~Relay() override;

  /// add: a socket to accept from. Before run().
  void add(Listener listener);
  /// exit_when_unused: see Unused; `port` is that of the listener. Before run().
  void exit_when_unused(const std::string& lock_path, std::uint16_t port);
  /// run: serves until SIGTERM or SIGINT, which it takes from a descriptor, or until unused. `ready` is called once
  /// connections are taken. The error says what the system refused.
  std::expected<void, std::string> run(void (*ready)());

 private:
  // A listening socket in the loop.
  struct Door : Handler {
    Door(Relay& r, Listener l) : relay(r), listener(std::move(l)) {}
    void on_events(std::uint32_t) override { relay.accept_some(*this); }
    Relay& relay;
    Listener listener;
  };
  struct Stop : Handler {
    void on_events(std::uint32_t) override { asked = true; }
    net::UniqueFd fd;
    bool asked = false;
  };

  int epoll() override { return epoll_.get(); }
  Dialer& dialer() override { return dialer_; }
  Stores& stores() override { return stores_; }
  std::uint64_t now_ms() override;
  void call_at(Connection& c, std::uint64_t ms) override;
  void log_dial(const Caller& caller, const DialError& error, bool given_up) override;
  void log_turned_away(const Caller& caller) override;
  void ended(Connection& c) override;

  std::expected<void, std::string> prepare();
  void accept_some(Door& door);
  void take(net::UniqueFd fd);
  void refuse(const Caller& caller, const char* why);
  void pause_accepting(int error);
  void watch_doors(bool on);
  [[nodiscard]] int wait_ms();
  void call_due();

  net::UniqueFd epoll_;
  Dialer dialer_;
  Stores stores_;
  const std::size_t max_connections_;
  const std::size_t max_ordinary_;
  std::size_t ordinary_ = 0;
  std::vector<std::unique_ptr<Door>> doors_;
  Stop stop_;
  std::unique_ptr<Unused> unused_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Connection>> gone_;  // closed during this turn of the loop, which may still name them
  std::set<std::pair<std::uint64_t, Connection*>> timers_;
  std::uint64_t resume_accepting_ms_ = Connection::kNever;
  runtime::LogLimiter refusals_{1};
  runtime::LogLimiter dials_{2};
};

}  // namespace gatehouse::guest
