#include "guest/relay/flow.h"

#include <sys/socket.h>

#include <cerrno>

namespace gatehouse::guest {
namespace {

constexpr std::size_t kTurn = 4U << 20;  // bytes a direction may move before the other connections have their turn
constexpr std::size_t kSplice = 1U << 20;
// Below this a pipe costs more than a copy. The first read of what turns out to be bulk is a copy too.
constexpr std::size_t kWorthSplicing = Buffer::kBytes / 2;

bool would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK;
}

}  // namespace

std::unique_ptr<Buffer> Stores::get() {
  if (idle_.empty()) return std::make_unique_for_overwrite<Buffer>();
  auto out = std::move(idle_.back());
  idle_.pop_back();
  return out;
}

void Stores::put(std::unique_ptr<Buffer> buffer) {
  if (idle_.size() < kIdle) idle_.push_back(std::move(buffer));
}

Flow::Outcome Flow::pump(const Ends& ends, Stores& stores) {
  source_dry_ = false;
  for (moved_ = 0; moved_ < kTurn;) {
    Step step = write_out(ends.to, stores);
    if (step == Step::moved && source_dry_) return Outcome::source_dry;
    if (step == Step::moved) step = splice_ ? splice_in(ends, stores) : read_in(ends, stores);
    switch (step) {
      case Step::moved: break;
      case Step::source_dry: return Outcome::source_dry;
      case Step::target_full: return Outcome::target_full;
      case Step::source_failed: return Outcome::source_failed;
      case Step::target_failed: return Outcome::target_failed;
      case Step::ended: return Outcome::ended;
    }
  }
  return Outcome::turn_over;
}

void Flow::release(Stores& stores) {
  if (buffer_ != nullptr) stores.put(std::move(buffer_));
  stores.pipes.put(std::move(pipe_));
}

Flow::Step Flow::read_in(const Ends& ends, Stores& stores) {
  auto buffer = stores.get();
  ssize_t n = 0;
  do n = ::recv(ends.from, buffer->bytes.data(), Buffer::kBytes, MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  const int error = errno;
  if (n > 0) {
    buffer->begin = 0;
    buffer->end = static_cast<std::size_t>(n);
    moved_ += buffer->end;
    heard_ = true;
    source_dry_ = ends.short_read_is_dry && buffer->end < Buffer::kBytes;
    splice_ = !no_splice_ && buffer->end == Buffer::kBytes;
    buffer_ = std::move(buffer);
    return Step::moved;
  }
  stores.put(std::move(buffer));
  if (n == 0) return Step::ended;
  return would_block(error) ? Step::source_dry : Step::source_failed;
}

Flow::Step Flow::splice_in(const Ends& ends, Stores& stores) {
  auto pipe = stores.pipes.get();
  if (pipe == nullptr) return read_in(ends, stores);
  const session::Moved moved = session::splice_in(ends.from, *pipe, kSplice);
  if (moved == session::Moved::all) {
    moved_ += pipe->bytes;
    splice_ = pipe->bytes >= kWorthSplicing;
    pipe_ = std::move(pipe);
    return Step::moved;
  }
  stores.pipes.put(std::move(pipe));
  splice_ = false;
  switch (moved) {
    case session::Moved::ended: return Step::ended;
    case session::Moved::source_empty: return Step::source_dry;
    case session::Moved::refused: no_splice_ = true; return Step::moved;
    default: return Step::source_failed;
  }
}

Flow::Step Flow::write_out(int to, Stores& stores) {
  if (buffer_ != nullptr) return send_buffer(to, stores);
  if (pipe_ == nullptr) return Step::moved;
  const session::Moved moved = session::splice_out(*pipe_, to, false);
  if (moved == session::Moved::target_full) return Step::target_full;
  if (moved != session::Moved::all) return Step::target_failed;
  stores.pipes.put(std::move(pipe_));
  return Step::moved;
}

Flow::Step Flow::send_buffer(int to, Stores& stores) {
  while (buffer_->begin < buffer_->end) {
    const ssize_t n =
        ::send(to, buffer_->bytes.data() + buffer_->begin, buffer_->end - buffer_->begin, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) {
      buffer_->begin += static_cast<std::size_t>(n);
    } else if (n < 0 && errno != EINTR) {
      return would_block(errno) ? Step::target_full : Step::target_failed;
    }
  }
  stores.put(std::move(buffer_));
  return Step::moved;
}

}  // namespace gatehouse::guest
