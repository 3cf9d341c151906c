#include "tests/bench/send_queue.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "tests/bench/wire.h"

namespace gatehouse::bench {
namespace {

constexpr std::size_t kKept = 4 << 20;  // bytes that were sent and stay while others wait: moving them costs too

// Vectors is what one sendmsg takes: enough for some MiB of payload, few enough to stay on the stack.
class Vectors {
 public:
  bool full() const { return used_ == iov_.size(); }
  void add(Bytes bytes) {
    if (bytes.empty() || full()) return;
    // sendmsg only reads what iov_base points at.
    iov_[used_++] = {const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
    size_ += bytes.size();
  }
  std::size_t size() const { return size_; }
  ssize_t send(const Fd& fd) {
    msghdr message{};
    message.msg_iov = iov_.data();
    message.msg_iovlen = used_;
    return sendmsg(fd.get(), &message, MSG_NOSIGNAL);
  }

 private:
  std::array<iovec, 64> iov_;
  std::size_t used_ = 0;
  std::size_t size_ = 0;
};

}  // namespace

void SendQueue::commit(std::size_t payload) {
  const std::size_t head = heads_.size() - committed_;
  if (!pieces_.empty() && pieces_.back().payload == 0) {
    pieces_.back().head += head;
    pieces_.back().payload = payload;
  } else {
    pieces_.push_back({committed_, head, payload});
  }
  committed_ = heads_.size();
}

SendQueue::Outcome SendQueue::flush(const Fd& fd) {
  while (!pieces_.empty()) {
    Vectors vectors;
    std::size_t done = sent_;  // only of the first piece
    for (const Piece& piece : pieces_) {
      if (vectors.full()) break;
      const std::size_t head = std::min(done, piece.head);
      vectors.add(Bytes(heads_).subspan(piece.begin + head, piece.head - head));
      for (std::size_t at = done - head; at < piece.payload && !vectors.full();) {
        const Bytes pattern = payload_at(at);
        const Bytes bytes = pattern.first(std::min(pattern.size(), piece.payload - at));
        vectors.add(bytes);
        at += bytes.size();
      }
      done = 0;
    }
    const ssize_t sent = vectors.send(fd);
    if (sent < 0) return errno == EAGAIN ? Outcome::blocked : Outcome::failed;
    advance(static_cast<std::size_t>(sent));
  }
  return Outcome::sent;
}

void SendQueue::advance(std::size_t bytes) {
  sent_ += bytes;
  while (!pieces_.empty() && sent_ >= pieces_.front().head + pieces_.front().payload) {
    sent_ -= pieces_.front().head + pieces_.front().payload;
    pieces_.pop_front();
  }
  forget();
}

void SendQueue::forget() {
  std::size_t gone = committed_;
  if (!pieces_.empty()) {
    Piece& first = pieces_.front();
    const std::size_t out = std::min(sent_, first.head);
    gone = first.begin + out;
    if (gone < kKept) return;
    first = {gone, first.head - out, first.payload};
    sent_ -= out;
  }
  heads_.erase(heads_.begin(), heads_.begin() + static_cast<std::ptrdiff_t>(gone));
  for (Piece& piece : pieces_) piece.begin -= gone;
  committed_ -= gone;
}

}  // namespace gatehouse::bench
