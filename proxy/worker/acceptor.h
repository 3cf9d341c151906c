// Accepts connections, finds out whose they are, and hands them to the workers.
#pragma once

#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "proxy/net/listen.h"
#include "proxy/worker/worker.h"

namespace gatehouse::worker {

/// Acceptor: all listeners of a configuration. Runs on the main thread. Default deny: a connection whose peer is no
/// guest, or whose guest has its connection limit used up, is closed before a byte of it is read.
class Acceptor {
 public:
  /// `passed`: sockets of the service manager; what no listener asks for is kept for one that a reload brings.
  Acceptor(runtime::Shared& shared, std::span<const std::unique_ptr<Worker>> workers,
           std::vector<net::PassedSocket> passed);
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  /// open: opens every listener. One whose interface or folder is not there yet is reported and retried (retry_due);
  /// any other failure is fatal: false, and the reason is logged.
  bool open();
  /// watch: adds the listeners to `epoll`; the data of their events is their index + `base`.
  void watch(int epoll, std::uint64_t base);
  /// accept: takes what waits at listener `index`, up to a bound, so that other descriptors get their turn.
  void accept(std::size_t index);
  /// retry_missing: tries the listeners that are not up, or that had to pause, again.
  void retry_missing();
  struct Slot {
    net::ListenSocket socket;
    bool reported = false;  ///< its failure was logged
    bool paused = false;    ///< not watched: no descriptor was left even to close a connection with
  };
  /// prepare: opens the listeners of `next` that are not open yet. An error says which cannot be, and nothing has
  /// changed.
  std::expected<std::vector<Slot>, std::string> prepare(const runtime::Snapshot& next);
  /// take_on: listens where `next` says, with what prepare() opened for it, and with the sockets of listeners whose
  /// address stays; others are closed.
  void take_on(std::shared_ptr<runtime::Snapshot> next, std::vector<Slot> opened);
  /// close: listens nowhere any more.
  void close();
  /// missing: whether some listener is not up or pauses.
  [[nodiscard]] bool missing() const;

 private:
  void place(net::UniqueFd fd, const net::Peer& peer);
  Worker& worker_for(const runtime::GuestState& guest, const net::Peer& peer);
  [[nodiscard]] const std::string& listener_of(const net::Peer& peer) const {
    return now_->conf.listeners[peer.listener].name;
  }
  void turn_away(const net::Peer& peer);
  void over_limit(runtime::GuestState& guest, const net::Peer& peer);
  bool shed(int listener);
  bool try_open(const config::Listener& conf, Slot& slot);
  using Places = std::unordered_map<std::string, std::size_t>;
  [[nodiscard]] Places slots_by_address() const;
  void end(Slot& slot, const config::Listener& conf);
  void watch_one(std::size_t index);

  runtime::Shared& shared_;
  std::span<const std::unique_ptr<Worker>> workers_;
  std::shared_ptr<runtime::Snapshot> now_;
  std::vector<net::PassedSocket> passed_;
  std::vector<Slot> slots_;  ///< as the listeners of `now_`
  /// Of a guest, which is only compared, and a port: the worker that it had last.
  std::map<std::pair<const void*, std::uint32_t>, std::ptrdiff_t> had_;
  net::UniqueFd reserve_;  ///< given up for a moment when the process has no other descriptor left
  std::uint64_t next_id_ = 1;
  int epoll_ = -1;
  std::uint64_t base_ = 0;
};

}  // namespace gatehouse::worker
