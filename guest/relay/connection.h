// One local connection and its way to the host.
#pragma once

#include <cstddef>
#include <cstdint>

#include "guest/relay/dial.h"
#include "guest/relay/flow.h"
#include "guest/relay/handler.h"
#include "guest/relay/peer.h"

namespace gatehouse::guest {

class Connection;

/// Owner: what a connection needs of the relay. All calls are made in the loop's thread.
class Owner {
 public:
  Owner() = default;
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;
  virtual ~Owner() = default;
  virtual int epoll() = 0;
  virtual Dialer& dialer() = 0;
  virtual Stores& stores() = 0;
  virtual std::uint64_t now_ms() = 0;  ///< monotonic
  /// call_at: calls on_time() of the connection at or soon after `ms` (0: as soon as the others had their turn).
  virtual void call_at(Connection& c, std::uint64_t ms) = 0;
  virtual void log_dial(const Caller& caller, const DialError& error, bool given_up) = 0;
  virtual void log_turned_away(const Caller& caller) = 0;
  /// ended: the connection has closed its sockets; the owner destroys it, but not during this call.
  virtual void ended(Connection& c) = 0;
};

/// Connection: dials the host, then carries bytes both ways until both ends have ended or one was reset. An end is
/// passed on as an end, a reset as a reset. While the host does not answer, the local end is kept waiting for
/// kPatience: the kernel's NFS client takes a connection that closes for one to make again at once, hundreds of times a
/// second.
class Connection {
 public:
  static constexpr std::uint64_t kPatienceMs = 5000;

  Connection(Owner& owner, net::UniqueFd local, const Caller& caller);
  /// begin: starts to dial; ended() may have been called when it returns.
  void begin();
  void on_time();

  [[nodiscard]] const Caller& caller() const { return caller_; }
  [[nodiscard]] bool closed() const { return state_ == State::closed; }

  std::size_t index = 0;      ///< the owner's
  std::uint64_t wake_ms = 0;  ///< the owner's: when on_time() is due; kNever: not
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

 private:
  enum class State : std::uint8_t {
    waiting,     // to dial again
    connecting,  // a connect is pending
    open,
    turned_away,  // the host closed without a word: the local end is closed a little later
    closed,
  };

  // One of the two sockets, and the flow that reads from it.
  struct Side : Handler {
    Side(Connection& c, bool is_local) : connection(c), local(is_local) {}
    void on_events(std::uint32_t events) override { connection.on_events(*this, events); }
    Connection& connection;
    net::UniqueFd fd;
    Flow flow;
    bool local;
    bool stream_reads = true;  // a read that returns less than it might says that there is no more
    bool hung_up = false;      // the end has been announced: read until it is there
    bool flow_over = false;    // the flow that reads here has ended or failed
    bool target_full = false;  // the flow that reads here waits for the other side
    bool wants_write = false;  // EPOLLOUT is watched on this side
    bool lost = false;         // takes no more bytes: what is sent there goes nowhere
  };

  Side& other(Side& s) { return s.local ? upstream_ : local_; }
  void dial();
  void dial_failed(const DialError& error);
  void open();
  void on_events(Side& side, std::uint32_t events);
  void run(Side& from);
  void watch_writable(Side& side, bool on);
  void end(bool reset);
  void close(bool reset);

  Owner& owner_;
  const Caller caller_;
  State state_ = State::waiting;
  Side local_{*this, true};
  Side upstream_{*this, false};
  std::uint64_t began_ms_ = 0;
  std::uint32_t attempts_ = 0;
};

}  // namespace gatehouse::guest
