// Accepts connections, finds out whose they are, and hands them to the workers.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "proxy/net/listen.h"
#include "proxy/worker/worker.h"

namespace gatehouse::worker {

/// Acceptor: all listeners of a configuration. Runs on the main thread. Default deny: a connection whose peer is no
/// guest, or whose guest has its connection limit used up, is closed before a byte of it is read.
class Acceptor {
 public:
  Acceptor(runtime::Shared& shared, std::span<const std::unique_ptr<Worker>> workers);
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  /// open: opens every listener. One whose interface or folder is not there yet is reported and retried (retry_due);
  /// any other failure is fatal: false, and the reason is logged.
  bool open(std::span<net::PassedSocket> passed);
  /// watch: adds the listeners to `epoll`; the data of their events is their index + `base`.
  void watch(int epoll, std::uint64_t base);
  /// accept: takes what waits at listener `index`, up to a bound, so that other descriptors get their turn.
  void accept(std::size_t index);
  /// retry_missing: tries the listeners that are not up, or that had to pause, again.
  void retry_missing();
  /// missing: whether some listener is not up or pauses.
  [[nodiscard]] bool missing() const;

 private:
  struct Slot {
    net::ListenSocket socket;
    bool reported = false;  ///< its failure was logged
    bool paused = false;    ///< not watched: no descriptor was left even to close a connection with
  };
  void place(net::UniqueFd fd, const net::Peer& peer);
  void turn_away(const net::Peer& peer);
  void over_limit(runtime::GuestState& guest, const net::Peer& peer);
  bool shed(int listener);
  bool try_open(std::size_t index, std::span<net::PassedSocket> passed);
  void watch_one(std::size_t index);

  runtime::Shared& shared_;
  std::span<const std::unique_ptr<Worker>> workers_;
  std::vector<Slot> slots_;
  net::UniqueFd reserve_;  ///< given up for a moment when the process has no other descriptor left
  std::uint64_t next_id_ = 1;
  int epoll_ = -1;
  std::uint64_t base_ = 0;
};

}  // namespace gatehouse::worker
