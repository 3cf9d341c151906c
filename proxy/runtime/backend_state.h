// What lives as long as a backend is configured.
#pragma once

#include <atomic>
#include <memory>
#include <span>

#include "proxy/config/config.h"
#include "proxy/runtime/latency.h"

namespace gatehouse::runtime {

/// BackendState: where a backend is, whether it was last seen up, and how long its calls take: as long as it is
/// configured to be there. Thread-safe, but for times(), whose cells belong to the thread of that number.
class BackendState {
 public:
  BackendState(config::Backend c, std::size_t threads)
      : conf(std::move(c)), times_(std::make_unique<BackendTimes[]>(threads)), threads_(threads) {
    apply(conf);
  }
  const config::Backend conf;  ///< as it was first configured: name, address and how to connect are still so

  /// same_place: whether `c` is this backend: a connection to the one is one to the other.
  [[nodiscard]] bool same_place(const config::Backend& c) const {
    return conf.name == c.name && net::format(conf.address) == net::format(c.address) &&
           conf.proxy_protocol == c.proxy_protocol && conf.vsock_buffer == c.vsock_buffer;
  }
  /// apply: what may change while it is there.
  void apply(const config::Backend& c) { connect_timeout_.store(c.connect_timeout.count(), std::memory_order_relaxed); }
  /// connect_timeout: ms, that calls wait for it at most.
  [[nodiscard]] std::uint64_t connect_timeout() const {
    return static_cast<std::uint64_t>(connect_timeout_.load(std::memory_order_relaxed));
  }

  /// Seen: what came of the last try to connect.
  enum class Seen : std::uint8_t { untried, up, down };
  [[nodiscard]] Seen seen() const { return seen_.load(std::memory_order_relaxed); }

  /// went_down, came_up: true for the one caller that saw the change, who logs it.
  bool went_down() { return seen_.exchange(Seen::down) != Seen::down; }
  bool came_up() { return seen() != Seen::up && seen_.exchange(Seen::up) == Seen::down; }

  [[nodiscard]] BackendTimes& times(std::size_t thread) { return times_[thread]; }
  /// all_times: of every thread.
  [[nodiscard]] std::span<const BackendTimes> all_times() const { return {times_.get(), threads_}; }

 private:
  std::atomic<Seen> seen_{Seen::untried};
  std::atomic<std::int64_t> connect_timeout_{0};
  std::unique_ptr<BackendTimes[]> times_;
  std::size_t threads_;
};

}  // namespace gatehouse::runtime
