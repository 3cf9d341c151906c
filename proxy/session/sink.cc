#include "proxy/session/sink.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace gatehouse::session {
namespace {

// Small calls are one piece, and send() costs the kernel less than sendmsg().
ssize_t send_pieces(int fd, iovec* pieces, std::size_t count) {
  if (count == 1) return ::send(fd, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL);
  msghdr m{};
  m.msg_iov = pieces;
  m.msg_iovlen = count;
  return ::sendmsg(fd, &m, MSG_NOSIGNAL);
}

}  // namespace

void Sink::attach(int fd, int epoll, void* tag) {
  fd_ = fd;
  epoll_ = epoll;
  tag_ = tag;
  watched_ = false;
  if (pending_ > 0) on_writable();
}

void Sink::detach() {
  fd_ = -1;
  waiting_ = watched_ = failed_ = false;
  drop_chunks();
}

void Sink::drop_chunks() {
  for (Chunk& c : chunks_) pool_.put(std::move(c.buffer));
  // The memory goes back at once: an idle connection owns no buffer.
  chunks_ = std::vector<Chunk>();
  pending_ = 0;
}

// What the socket takes of the pieces now; nothing while something waits.
std::size_t Sink::send_now(iovec* pieces, std::size_t count) {
  if (waiting_ || fd_ < 0) return 0;
  const ssize_t n = send_pieces(fd_, pieces, count);
  if (n >= 0) return static_cast<std::size_t>(n);
  failed_ = errno != EAGAIN && errno != EINTR;
  return 0;
}

void Sink::send(iovec* pieces, std::size_t count) {
  if (failed_) return;
  std::size_t skip = send_now(pieces, count);
  if (failed_) return;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t gone = std::min(skip, pieces[i].iov_len);
    skip -= gone;
    keep(rpc::Bytes(static_cast<const std::uint8_t*>(pieces[i].iov_base), pieces[i].iov_len).subspan(gone));
  }
  if (pending_ > 0) wait_writable();
}

void Sink::send_owned(Buffer buffer, std::size_t from, std::size_t to) {
  if (!failed_) {
    iovec piece{buffer.memory.get() + from, to - from};
    from += send_now(&piece, 1);
  }
  if (failed_ || from == to) return pool_.put(std::move(buffer));
  pending_ += to - from;
  chunks_.push_back({std::move(buffer), from, to});
  wait_writable();
}

// Keeps a copy of `bytes` behind what waits.
void Sink::keep(rpc::Bytes bytes) {
  if (bytes.empty()) return;
  if (chunks_.empty() || chunks_.back().buffer.capacity - chunks_.back().end < bytes.size())
    chunks_.push_back({pool_.get(bytes.size()), 0, 0});
  Chunk& last = chunks_.back();
  std::memcpy(last.buffer.memory.get() + last.end, bytes.data(), bytes.size());
  last.end += bytes.size();
  pending_ += bytes.size();
}

void Sink::wait_writable() {
  waiting_ = true;
  watch(true);
}

void Sink::on_writable() {
  if (failed_ || fd_ < 0) return;
  std::size_t done = 0;  // chunks
  while (done < chunks_.size()) {
    Chunk& c = chunks_[done];
    const ssize_t n = ::send(fd_, c.buffer.memory.get() + c.begin, c.end - c.begin, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) break;
    c.begin += static_cast<std::size_t>(n);
    pending_ -= static_cast<std::size_t>(n);
    if (c.begin < c.end) continue;
    pool_.put(std::move(c.buffer));
    ++done;
  }
  const bool full = errno == EAGAIN;
  chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<std::ptrdiff_t>(done));
  if (pending_ > 0) {
    failed_ = !full;
    return failed_ ? void() : wait_writable();
  }
  drop_chunks();
  waiting_ = false;
  watch(false);
}

void Sink::watch(bool writable) {
  if (fd_ < 0 || watched_ == writable) return;
  watched_ = writable;
  epoll_event e{};
  e.events = EPOLLIN | EPOLLRDHUP | EPOLLET | (writable ? EPOLLOUT : 0U);
  e.data.ptr = tag_;
  if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd_, &e) != 0) failed_ = true;
}

void Batch::append(const std::uint8_t* data, std::size_t size) {
  if (count_ == kPieces) {
    // The newest scratch bytes are part of the piece about to be added: send the others and keep scratch as it is.
    target_->send(pieces_.data(), count_);
    count_ = 0;
  }
  pieces_[count_++] = {const_cast<std::uint8_t*>(data), size};
}

void Batch::flush() {
  if (count_ > 0) target_->send(pieces_.data(), count_);
  count_ = 0;
  used_ = 0;
  copying_ = false;
}

}  // namespace gatehouse::session
