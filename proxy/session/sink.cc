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
  if (pending() > 0) on_writable();
}

void Sink::detach() {
  fd_ = -1;
  waiting_ = watched_ = failed_ = false;
  sent_ = 0;
  pending_ = {};
}

void Sink::send(iovec* pieces, std::size_t count) {
  if (failed_) return;
  std::size_t skip = 0;
  if (!waiting_ && fd_ >= 0) {
    const ssize_t n = send_pieces(fd_, pieces, count);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
      failed_ = true;
      return;
    }
    if (n > 0) skip = static_cast<std::size_t>(n);
  }
  keep(pieces, count, skip);
}

// Keeps what is behind the first `skip` bytes of the pieces.
void Sink::keep(const iovec* pieces, std::size_t count, std::size_t skip) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t gone = std::min(skip, pieces[i].iov_len);
    skip -= gone;
    if (gone == pieces[i].iov_len) continue;
    const auto* data = static_cast<const std::uint8_t*>(pieces[i].iov_base);
    pending_.insert(pending_.end(), data + gone, data + pieces[i].iov_len);
  }
  if (pending() > 0) wait_writable();
}

void Sink::wait_writable() {
  waiting_ = true;
  watch(true);
}

void Sink::on_writable() {
  if (failed_ || fd_ < 0) return;
  while (pending() > 0) {
    const ssize_t n = ::send(fd_, pending_.data() + sent_, pending(), MSG_NOSIGNAL);
    if (n < 0) {
      if (errno == EAGAIN) return wait_writable();
      if (errno == EINTR) continue;
      failed_ = true;
      return;
    }
    sent_ += static_cast<std::size_t>(n);
  }
  // The memory goes back at once: an idle connection owns no buffer.
  pending_ = {};
  sent_ = 0;
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
