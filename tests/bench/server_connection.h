#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tests/bench/net.h"
#include "tests/bench/send_queue.h"
#include "tests/bench/wire.h"

namespace gatehouse::bench {

// ServerConnection answers the calls of one connection. Edge-triggered; the read buffer is lent by the caller and
// shared by all connections. Reading stops while replies cannot be sent.
class ServerConnection {
 public:
  explicit ServerConnection(Fd fd) : fd_(std::move(fd)) {}

  // on_events handles epoll's event bits. False: close (the peer left, or sent what is no call; stderr says which).
  bool on_events(std::uint32_t events, std::span<std::uint8_t> buffer);

  const Fd& fd() const { return fd_; }

 private:
  enum class Step { more, wait, close };
  Step read_some(std::span<std::uint8_t> buffer);
  bool consume(Bytes bytes);
  bool begin_record(Bytes bytes, std::size_t record, std::size_t& used);
  bool take_body(Bytes& bytes);

  Fd fd_;
  std::vector<std::uint8_t> partial_;  // the head of a call that is not complete yet
  CallView call_;                      // the call whose body is being consumed
  std::size_t body_left_ = 0;
  std::size_t body_done_ = 0;
  SendQueue out_;
  bool readable_ = false;
  bool hung_up_ = false;
};

}  // namespace gatehouse::bench
