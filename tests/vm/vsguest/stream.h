#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tests/bench/net.h"
#include "tests/vm/vsguest/device.h"

namespace gatehouse::vsguest {

using Clock = std::chrono::steady_clock;

// Ports identifies a stream: the machine's own port and the host's.
struct Ports {
  std::uint32_t ours = 0;
  std::uint32_t theirs = 0;
  auto operator<=>(const Ports&) const = default;
};

// Stream is one connection between the machine and the host (CID 2), and the local socket whose bytes it carries. Bytes
// are sent as far as the host has given credit, and credit is given for what the local socket took. One without a local
// socket just is there.
class Stream {
 public:
  // `window` is how much the host may send ahead: with 0 it can never send.
  Stream(Device& device, Ports ports, std::uint32_t window, bench::Fd local)
      : device_(device), ports_(ports), window_(window), local_(std::move(local)) {}

  // request asks the host for the connection.
  void request();
  // request_until does that again and again while the host refuses, until the time is up.
  void request_until(Clock::time_point give_up) { give_up_ = give_up, request(); }
  // respond takes the host's request for it.
  void respond(const virtio_vsock_hdr& header);
  // take handles a packet of this stream.
  void take(const virtio_vsock_hdr& header, std::string_view payload);
  // pump moves what can be moved. To be called when the local socket is ready, credit came or the device has room
  // again.
  void pump();
  // retry requests again if it is time to; true while that is still to come.
  bool retry(Clock::time_point now);

  bool open() const { return state_ == State::open; }
  bool ended() const { return state_ == State::ended; }
  bool refused() const { return refused_; }
  Ports ports() const { return ports_; }
  const bench::Fd& local() const { return local_; }

 private:
  enum class State : std::uint8_t { connecting, open, ended };

  void say(std::uint16_t op, std::uint32_t flags = 0, std::string_view payload = {});
  void end(bool say_it);
  void refuse();
  bool local_reset() const;
  void write_local();
  void read_local();
  std::uint32_t credit() const {
    const std::uint32_t under_way = sent_ - host_forwarded_;
    return under_way < host_window_ ? host_window_ - under_way : 0;
  }

  Device& device_;
  Ports ports_;
  std::uint32_t window_;
  bench::Fd local_;
  State state_ = State::connecting;
  bool refused_ = false;
  std::optional<Clock::time_point> give_up_, next_try_;
  std::string pending_;      // for the local socket
  std::size_t written_ = 0;  // of pending_
  bool we_ended_ = false;    // the local socket has sent its last byte, and the host knows
  bool host_ended_ = false;  // the host has sent its last byte
  bool host_gone_ = false;   // nor does it take any
  bool local_told_ = false;  // the local socket knows that the host has ended
  std::uint32_t forwarded_ = 0, told_ = 0, sent_ = 0, host_window_ = 0, host_forwarded_ = 0;
};

}  // namespace gatehouse::vsguest
