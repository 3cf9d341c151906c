// One admin client.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "proxy/admin/answers.h"
#include "proxy/net/fd.h"

namespace gatehouse::admin {

/// Patience: how long a client may take, milliseconds.
struct Patience {
  std::uint64_t silence = 10000;  ///< for a whole request, from connecting or from the last answer on
  std::uint64_t stall = 10000;    ///< for taking any byte of what waits for it
};

/// Caller: who is connected: a number of the server's own, what the kernel says, and what that permits.
struct Caller {
  std::uint64_t id = 0;
  Credentials who;
  Rights rights = Rights::none;
};

/// Connection: a client's socket, which is never waited for: what it sent so far, and what it has not taken yet. Both
/// are bounded: while a request is being answered no further one is read, and an answer is made line by line as the
/// client takes it. Belongs to one thread. Times are monotonic milliseconds.
class Connection {
 public:
  /// Takes over `fd`, which is non-blocking.
  Connection(net::UniqueFd fd, Caller from, std::uint64_t now)
      : caller(std::move(from)), fd_(std::move(fd)), since_(now) {}

  const Caller caller;

  /// wants: events for poll().
  [[nodiscard]] short wants() const;
  /// on_events: reads and writes what can be.
  void on_events(short events, std::uint64_t now);
  /// next_request: a line, without its newline, if the client has sent one and waits for nothing. begin_wait() or put()
  /// must follow. A line that is too long, or never ends, is answered here; a client that has left is closed.
  std::optional<std::string> next_request();
  /// begin_wait: the answer comes later.
  void begin_wait() { waiting_ = true; }
  /// put: the answer to the last request. `last`: the connection closes behind it.
  void put(std::unique_ptr<Answer> answer, bool last, std::uint64_t now);
  /// append: a line of an answer that goes on, if there is room for it; false: the client is behind.
  bool append(const std::string& line, std::uint64_t now);

  /// deadline: when on_time is due; nothing: never.
  [[nodiscard]] std::optional<std::uint64_t> deadline(const Patience& patience) const;
  /// on_time: the deadline has passed.
  void on_time(std::uint64_t now);

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] bool closed() const { return !fd_; }

 private:
  void read_some();
  void write_some(std::uint64_t now);
  void refill();
  void say_goodbye(const Refusal& why);
  [[nodiscard]] bool busy() const { return waiting_ || answer_ != nullptr || sent_ < out_.size() || last_; }

  net::UniqueFd fd_;
  std::string in_;
  std::string out_;
  std::size_t sent_ = 0;            ///< of out_
  std::unique_ptr<Answer> answer_;  ///< lines that are not in out_ yet
  bool waiting_ = false;            ///< the answer is being made elsewhere
  bool last_ = false;               ///< closes when all is sent
  bool ended_ = false;              ///< the client sends no more
  std::uint64_t since_;             ///< when it last came on: connected, was answered, took bytes
};

}  // namespace gatehouse::admin
