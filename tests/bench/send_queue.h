#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "tests/bench/net.h"

namespace gatehouse::bench {

// SendQueue collects small records and pattern payloads in order and sends them with as few system calls as it can.
// One owner, no locking. Memory: the heads only; a payload is a length until it is sent.
class SendQueue {
 public:
  enum class Outcome { sent, blocked, failed };

  // heads is where to append the bytes of the next record; call commit after each append.
  std::vector<std::uint8_t>& heads() { return heads_; }

  // commit queues what was appended to heads() since the last commit, followed by `payload` pattern bytes.
  void commit(std::size_t payload);

  // flush sends what it can: `sent` (nothing left), `blocked` (wait for EPOLLOUT), or `failed` (errno says why).
  Outcome flush(const Fd& fd);

  bool empty() const { return pieces_.empty(); }

 private:
  struct Piece {
    std::size_t begin;    // in heads_
    std::size_t head;     // bytes of heads_
    std::size_t payload;  // pattern bytes after them
  };
  void advance(std::size_t bytes);
  void forget();  // bytes of heads_ that are out

  std::vector<std::uint8_t> heads_;
  std::size_t committed_ = 0;
  std::deque<Piece> pieces_;
  std::size_t sent_ = 0;  // bytes of the first piece that are out
};

}  // namespace gatehouse::bench
