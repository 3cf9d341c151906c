#include "guest/relay/connection.h"

#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>

namespace gatehouse::guest {
namespace {

constexpr std::uint32_t kRead = EPOLLIN | EPOLLRDHUP | EPOLLET;
constexpr std::uint32_t kOver = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
constexpr std::uint64_t kTurnedAwayMs = 1000;
constexpr std::uint64_t kFirstPauseMs = 20;
constexpr std::uint64_t kLongestPauseMs = 1000;
// How often a busy port of the caller's own is tried again before it gets another: the host's server knows a
// retransmission by this port, and one that was closed a moment ago comes free as soon as the host has answered.
constexpr std::uint32_t kOwnPortAttempts = 4;

void set_reset_on_close(int fd) {
  const linger reset{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
}

// Whether the caller has gone without having said a word.
bool said_nothing(int fd) {
  int waiting = 0;
  return ::ioctl(fd, FIONREAD, &waiting) == 0 && waiting == 0;
}

}  // namespace

Connection::Connection(Owner& owner, net::UniqueFd local, const Caller& caller) : owner_(owner), caller_(caller) {
  local_.fd = std::move(local);
  local_.stream_reads = caller.port != 0;
  upstream_.stream_reads = std::holds_alternative<net::VsockAddress>(owner.dialer().to());
  const int on = 1;
  if (caller.port != 0) ::setsockopt(local_.fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void Connection::begin() {
  began_ms_ = owner_.now_ms();
  if (!local_.watch(owner_.epoll(), local_.fd.get(), kRead)) return close(true);
  dial();
}

void Connection::on_time() {
  if (state_ == State::waiting) return dial();
  if (state_ == State::turned_away) return close(true);
  if (state_ != State::open) return;
  run(local_);
  if (state_ == State::open) run(upstream_);
}

void Connection::dial() {
  auto dialing = owner_.dialer().start(caller_, attempts_ < kOwnPortAttempts);
  if (!dialing) return dial_failed(dialing.error());
  upstream_.fd = std::move(dialing->fd);
  state_ = State::connecting;
  if (dialing->connected) return open();
  upstream_.wants_write = true;
  if (!upstream_.watch(owner_.epoll(), upstream_.fd.get(), kRead | EPOLLOUT)) close(true);
}

void Connection::dial_failed(const DialError& error) {
  state_ = State::waiting;
  upstream_.fd.reset();
  upstream_.hung_up = false;
  const bool hopeless = error.fault == DialFault::no_privilege || error.fault == DialFault::ports_busy;
  const std::uint64_t now = owner_.now_ms();
  const bool given_up = hopeless || now - began_ms_ >= kPatienceMs;
  if (error.fault != DialFault::port_busy && (attempts_ == 0 || given_up)) owner_.log_dial(caller_, error, given_up);
  if (given_up) return close(true);
  owner_.call_at(*this, now + std::min(kLongestPauseMs, kFirstPauseMs << std::min(attempts_, 6U)));
  ++attempts_;
}

void Connection::open() {
  state_ = State::open;
  if (!upstream_.wants_write && !upstream_.watch(owner_.epoll(), upstream_.fd.get(), kRead)) return close(true);
  if (upstream_.wants_write) watch_writable(upstream_, false);
  // What came while the host was dialed has been announced already.
  run(local_);
}

void Connection::on_events(Side& side, std::uint32_t events) {
  if (state_ == State::closed) return;
  if ((events & kOver) != 0) side.hung_up = true;
  if (state_ == State::open) {
    Side& peer = other(side);
    if ((events & EPOLLOUT) != 0 && peer.target_full) run(peer);
    if (state_ == State::open && (events & (EPOLLIN | kOver)) != 0) run(side);
    return;
  }
  if (state_ == State::turned_away) {
    if (side.hung_up) close(true);
  } else if (side.local) {
    if ((events & (EPOLLHUP | EPOLLERR)) != 0 || (side.hung_up && said_nothing(side.fd.get()))) close(true);
  } else if (const int error = dial_result(side.fd.get()); error != 0) {
    dial_failed({DialFault::unreachable, error});
  } else if ((events & EPOLLOUT) != 0) {
    open();
  }
}

// Moves what the side has to say.
void Connection::run(Side& from) {
  Side& to = other(from);
  if (from.flow_over) return;
  const Flow::Ends ends{from.fd.get(), to.fd.get(), from.stream_reads && !from.hung_up};
  const Flow::Outcome outcome = from.flow.pump(ends, owner_.stores());
  from.target_full = outcome == Flow::Outcome::target_full;
  if (from.target_full != to.wants_write) watch_writable(to, from.target_full);
  switch (outcome) {
    case Flow::Outcome::source_dry:
    case Flow::Outcome::target_full: return;
    case Flow::Outcome::turn_over: return owner_.call_at(*this, 0);
    case Flow::Outcome::ended:
      from.flow_over = true;
      if (!from.local && !from.flow.heard() && !local_.hung_up) return end(true);
      ::shutdown(to.fd.get(), SHUT_WR);  // one that fails says that the other has gone, which a read will say too
      break;
    case Flow::Outcome::source_failed: return end(true);
    case Flow::Outcome::target_failed:
      from.flow_over = true;
      to.lost = true;
      // What the side that takes no more has said before, for example why, still goes to the other; then it is told.
      to.hung_up = true;
      run(to);
      break;
  }
  if (state_ == State::open && local_.flow_over && upstream_.flow_over) end(local_.lost || upstream_.lost);
}

// Closes an open connection; at once, unless the host has closed it without a word while the caller is still there.
void Connection::end(bool reset) {
  if (upstream_.flow.heard() || local_.hung_up) return close(reset);
  owner_.log_turned_away(caller_);
  state_ = State::turned_away;
  upstream_.fd.reset();
  owner_.call_at(*this, owner_.now_ms() + kTurnedAwayMs);
}

void Connection::watch_writable(Side& side, bool on) {
  side.wants_write = on;
  if (!side.rewatch(owner_.epoll(), side.fd.get(), on ? kRead | EPOLLOUT : kRead)) close(true);
}

void Connection::close(bool reset) {
  if (state_ == State::closed) return;
  state_ = State::closed;
  local_.flow.release(owner_.stores());
  upstream_.flow.release(owner_.stores());
  if (reset) set_reset_on_close(local_.fd.get());
  // Closing takes them out of epoll: nobody else has these descriptors.
  local_.fd.reset();
  upstream_.fd.reset();
  owner_.ended(*this);
}

}  // namespace gatehouse::guest
