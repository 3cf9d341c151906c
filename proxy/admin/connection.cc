#include "proxy/admin/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "proxy/admin/request.h"

namespace gatehouse::admin {
namespace {

constexpr std::size_t kReadAtOnce = std::size_t{16} << 10;
// What waits for a client: lines are made until there is so much, ...
constexpr std::size_t kEnough = std::size_t{64} << 10;
// ... and of what cannot be made later, a trace, so much is kept.
constexpr std::size_t kMost = std::size_t{256} << 10;

}  // namespace

short Connection::wants() const {
  int out = sent_ < out_.size() || answer_ != nullptr ? POLLOUT : 0;
  if (!busy() && !ended_) out |= POLLIN;
  return static_cast<short>(out);
}

void Connection::on_events(short events, std::uint64_t now) {
  // POLLHUP: gone in both directions: nobody takes an answer. Who merely sends no more still gets it.
  if ((events & (POLLERR | POLLHUP | POLLNVAL)) != 0 && (events & POLLIN) == 0) return fd_.reset();
  if ((events & POLLIN) != 0) read_some();
  if (!closed() && (events & POLLOUT) != 0) write_some(now);
}

void Connection::read_some() {
  std::array<char, kReadAtOnce> buffer;
  const ssize_t n = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (n > 0) {
    in_.append(buffer.data(), static_cast<std::size_t>(n));
  } else if (n == 0) {
    ended_ = true;
  } else if (errno != EAGAIN && errno != EINTR) {
    fd_.reset();
  }
}

std::optional<std::string> Connection::next_request() {
  if (closed() || busy()) return std::nullopt;
  const std::size_t end = in_.find('\n');
  if (std::min(end, in_.size()) >= kMostLine) {
    say_goodbye({Code::too_long, "a request is one line of " + std::to_string(kMostLine) + " bytes at most"});
    return std::nullopt;
  }
  if (end == std::string::npos) {
    if (ended_ && in_.empty()) fd_.reset();
    if (ended_ && !in_.empty()) say_goodbye({Code::bad_request, "the request does not end: a newline is missing"});
    return std::nullopt;
  }
  std::string line = in_.substr(0, end);
  in_.erase(0, end + 1);
  return line;
}

void Connection::say_goodbye(const Refusal& why) {
  in_.clear();
  out_ += refusal_line(why);
  last_ = true;
}

void Connection::put(std::unique_ptr<Answer> answer, bool last, std::uint64_t now) {
  waiting_ = false;
  answer_ = std::move(answer);
  last_ = last;
  since_ = now;
  write_some(now);
}

bool Connection::append(const std::string& line, std::uint64_t now) {
  if (out_.size() - sent_ + line.size() > kMost) return false;
  if (sent_ == out_.size()) since_ = now;  // the client's time begins with what waits for it
  out_ += line;
  return true;
}

void Connection::refill() {
  if (sent_ > 0) {
    out_.erase(0, sent_);
    sent_ = 0;
  }
  while (answer_ != nullptr && out_.size() < kEnough)
    if (!answer_->next(out_)) answer_ = nullptr;
}

// One turn: the other clients have theirs before this one's next.
void Connection::write_some(std::uint64_t now) {
  refill();
  if (!out_.empty()) {
    const ssize_t n = ::send(fd_.get(), out_.data(), out_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) return fd_.reset();
    if (n > 0) {
      sent_ = static_cast<std::size_t>(n);
      since_ = now;
    }
    if (sent_ == out_.size()) refill();
  }
  if (last_ && out_.empty() && answer_ == nullptr) fd_.reset();
}

std::optional<std::uint64_t> Connection::deadline(const Patience& patience) const {
  if (sent_ < out_.size() || answer_ != nullptr) return since_ + patience.stall;
  if (waiting_) return std::nullopt;
  return since_ + patience.silence;
}

void Connection::on_time(std::uint64_t now) {
  if (sent_ < out_.size() || answer_ != nullptr) return fd_.reset();
  put(refusal({Code::timed_out, "no request came: connect again to ask"}), true, now);
}

}  // namespace gatehouse::admin
