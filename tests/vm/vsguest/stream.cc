#include "tests/vm/vsguest/stream.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace gatehouse::vsguest {
namespace {

constexpr std::uint32_t both = VIRTIO_VSOCK_SHUTDOWN_RCV | VIRTIO_VSOCK_SHUTDOWN_SEND;
constexpr auto between_tries = std::chrono::milliseconds(50);

}  // namespace

void Stream::say(std::uint16_t op, std::uint32_t flags, std::string_view payload) {
  virtio_vsock_hdr header{};
  header.src_cid = device_.cid();
  header.dst_cid = 2;
  header.src_port = ports_.ours;
  header.dst_port = ports_.theirs;
  header.len = static_cast<std::uint32_t>(payload.size());
  header.type = VIRTIO_VSOCK_TYPE_STREAM;
  header.op = op;
  header.flags = flags;
  header.buf_alloc = window_;
  header.fwd_cnt = forwarded_;
  told_ = forwarded_;
  device_.send(header, payload);
}

void Stream::request() {
  state_ = State::connecting;
  say(VIRTIO_VSOCK_OP_REQUEST);
}

void Stream::respond(const virtio_vsock_hdr& header) {
  state_ = State::open;
  host_window_ = header.buf_alloc;
  host_forwarded_ = header.fwd_cnt;
  say(VIRTIO_VSOCK_OP_RESPONSE);
}

void Stream::refuse() {
  const auto now = Clock::now();
  if (give_up_ && now < *give_up_) {
    next_try_ = now + between_tries;
    return;
  }
  refused_ = true;
  end(false);
}

bool Stream::retry(Clock::time_point now) {
  if (!next_try_) return false;
  if (now < *next_try_) return true;
  next_try_.reset();
  request();
  return false;
}

void Stream::end(bool say_it) {
  if (state_ == State::ended) return;
  if (say_it) say(VIRTIO_VSOCK_OP_RST);
  state_ = State::ended;
}

void Stream::take(const virtio_vsock_hdr& header, std::string_view payload) {
  host_window_ = header.buf_alloc;
  host_forwarded_ = header.fwd_cnt;
  switch (header.op) {
    case VIRTIO_VSOCK_OP_RESPONSE: state_ = State::open; break;
    case VIRTIO_VSOCK_OP_RW: pending_ += payload.substr(0, header.len); break;
    case VIRTIO_VSOCK_OP_CREDIT_REQUEST: say(VIRTIO_VSOCK_OP_CREDIT_UPDATE); break;
    case VIRTIO_VSOCK_OP_SHUTDOWN:
      host_ended_ = host_ended_ || (header.flags & VIRTIO_VSOCK_SHUTDOWN_SEND) != 0;
      host_gone_ = host_gone_ || (header.flags & both) == both;
      break;
    case VIRTIO_VSOCK_OP_RST:
      if (state_ == State::connecting) return refuse();
      host_ended_ = host_gone_ = true;
      break;
    default: break;
  }
  pump();
}

// Where no credit is left nothing is read, and only this tells that the local socket was reset.
bool Stream::local_reset() const {
  pollfd local{local_.get(), 0, 0};
  return local_.get() >= 0 && poll(&local, 1, 0) == 1 && (local.revents & POLLERR) != 0;
}

void Stream::pump() {
  if (state_ != State::open) return;
  if (local_reset()) return end(true);
  write_local();
  read_local();
  const bool delivered = local_.get() < 0 || pending_.empty();
  if (host_ended_ && delivered && !local_told_ && local_.get() >= 0) {
    shutdown(local_.get(), SHUT_WR);
    local_told_ = true;
  }
  if (delivered && (host_gone_ || (host_ended_ && we_ended_))) end(true);
}

void Stream::write_local() {
  while (local_.get() >= 0 && written_ < pending_.size()) {
    const ssize_t n = send(local_.get(), pending_.data() + written_, pending_.size() - written_, MSG_NOSIGNAL);
    if (n < 0) {
      if (errno != EAGAIN) end(true);
      break;
    }
    written_ += static_cast<std::size_t>(n);
    forwarded_ += static_cast<std::uint32_t>(n);
  }
  if (written_ == pending_.size()) pending_.clear(), written_ = 0;
  if (state_ == State::open && forwarded_ - told_ > window_ / 4) say(VIRTIO_VSOCK_OP_CREDIT_UPDATE);
}

void Stream::read_local() {
  static std::array<char, Device::largest_payload> bytes;
  while (state_ == State::open && local_.get() >= 0 && !we_ended_ && credit() > 0 && !device_.backlogged()) {
    const ssize_t n = recv(local_.get(), bytes.data(), std::min<std::size_t>(bytes.size(), credit()), 0);
    if (n < 0) {
      if (errno != EAGAIN) end(true);
      return;
    }
    if (n == 0) {
      we_ended_ = true;
      return say(VIRTIO_VSOCK_OP_SHUTDOWN, VIRTIO_VSOCK_SHUTDOWN_SEND);
    }
    sent_ += static_cast<std::uint32_t>(n);
    say(VIRTIO_VSOCK_OP_RW, 0, {bytes.data(), static_cast<std::size_t>(n)});
  }
}

}  // namespace gatehouse::vsguest
