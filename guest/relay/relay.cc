#include "guest/relay/relay.h"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <utility>

#include "guest/relay/log.h"

namespace gatehouse::guest {
namespace {

constexpr int kEventsPerTurn = 64;
constexpr int kAcceptsPerTurn = 64;
constexpr std::uint64_t kAcceptPauseMs = 100;

std::unexpected<std::string> failed(const std::string& what) {
  return std::unexpected(what + ": " + std::strerror(errno));
}

}  // namespace

Relay::Relay(Upstream to, std::size_t max_connections)
    : dialer_(std::move(to)),
      max_connections_(max_connections),
      // An ordinary user must not be able to keep root's mounts out.
      max_ordinary_(max_connections - max_connections / 4) {}

Relay::~Relay() {
  for (const auto& door : doors_)
    if (!door->listener.unlink_path.empty()) ::unlink(door->listener.unlink_path.c_str());
}

void Relay::add(Listener listener) {
  doors_.push_back(std::make_unique<Door>(*this, std::move(listener)));
}

void Relay::exit_when_unused(const std::string& lock_path, std::uint16_t port) {
  unused_ = std::make_unique<Unused>(lock_path, port);
}

std::expected<void, std::string> Relay::prepare() {
  epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_) return failed("epoll_create1");
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // splice() has no MSG_NOSIGNAL
  stop_.fd.reset(::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!stop_.fd || !stop_.watch(epoll(), stop_.fd.get(), EPOLLIN)) return failed("signalfd");
  for (const auto& door : doors_)
    if (!door->watch(epoll(), door->listener.fd.get(), EPOLLIN))
      return failed("cannot watch " + door->listener.address);
  if (unused_ != nullptr && !unused_->begin(epoll(), now_ms())) return failed("cannot watch /proc/self/mountinfo");
  return {};
}

std::expected<void, std::string> Relay::run(void (*ready)()) {
  if (auto done = prepare(); !done) return done;
  ready();
  epoll_event events[kEventsPerTurn];
  while (!stop_.asked) {
    const int n = ::epoll_wait(epoll(), events, kEventsPerTurn, wait_ms());
    if (n < 0 && errno != EINTR) return failed("epoll_wait");
    for (int i = 0; i < n; ++i) static_cast<Handler*>(events[i].data.ptr)->on_events(events[i].events);
    call_due();
    gone_.clear();
    if (unused_ != nullptr && unused_->due_ms() <= now_ms() && unused_->is_unused(connections_.size(), now_ms())) {
      log::Line(log::Level::info, "unused").write();
      break;
    }
  }
  return {};
}

// Takes no time-out where nothing is timed: the kernel would set and cancel a timer for every call that passes.
int Relay::wait_ms() {
  std::uint64_t next = resume_accepting_ms_;
  if (!timers_.empty()) next = std::min(next, timers_.begin()->first);
  if (unused_ != nullptr) next = std::min(next, unused_->due_ms());
  if (next == Connection::kNever) return -1;
  const std::uint64_t now = now_ms();
  return next <= now ? 0 : static_cast<int>(std::min<std::uint64_t>(next - now, 60'000));
}

void Relay::call_due() {
  if (timers_.empty() && resume_accepting_ms_ == Connection::kNever) return;
  const std::uint64_t now = now_ms();
  if (resume_accepting_ms_ <= now) {
    resume_accepting_ms_ = Connection::kNever;
    watch_doors(true);
  }
  // Those that are due now; what they ask for anew waits for the next turn.
  std::vector<Connection*> due;
  while (!timers_.empty() && timers_.begin()->first <= now) {
    due.push_back(timers_.begin()->second);
    timers_.erase(timers_.begin());
    due.back()->wake_ms = Connection::kNever;
  }
  for (Connection* c : due)
    if (!c->closed()) c->on_time();
}

void Relay::accept_some(Door& door) {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    net::UniqueFd fd(::accept4(door.listener.fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd) {
      take(std::move(fd));
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      return pause_accepting(errno);
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return;
    }
  }
}

void Relay::take(net::UniqueFd fd) {
  const Caller caller = caller_of(fd.get());
  const std::size_t ordinary = caller.rank == Rank::ordinary ? 1 : 0;
  const char* why = nullptr;
  if (caller.rank == Rank::foreign) why = "not of this machine, or gone already";
  if (connections_.size() >= max_connections_ || ordinary_ + ordinary > max_ordinary_) why = "too many connections";
  if (why != nullptr) {
    // With a reset: ten thousand of them would otherwise each leave a TIME_WAIT.
    const linger reset{1, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    return refuse(caller, why);
  }
  auto connection = std::make_unique<Connection>(static_cast<Owner&>(*this), std::move(fd), caller);
  connection->index = connections_.size();
  ordinary_ += ordinary;
  connections_.push_back(std::move(connection));
  connections_.back()->begin();
}

void Relay::ended(Connection& c) {
  if (c.wake_ms != Connection::kNever) timers_.erase({c.wake_ms, &c});
  ordinary_ -= c.caller().rank == Rank::ordinary ? 1U : 0U;
  const std::size_t index = c.index;
  gone_.push_back(std::move(connections_[index]));
  if (index + 1 != connections_.size()) {
    connections_[index] = std::move(connections_.back());
    connections_[index]->index = index;
  }
  connections_.pop_back();
  if (unused_ != nullptr && connections_.empty()) unused_->touch(now_ms());
}

void Relay::call_at(Connection& c, std::uint64_t ms) {
  if (c.wake_ms != Connection::kNever) timers_.erase({c.wake_ms, &c});
  c.wake_ms = ms;
  timers_.insert({ms, &c});
}

void Relay::pause_accepting(int error) {
  watch_doors(false);
  resume_accepting_ms_ = now_ms() + kAcceptPauseMs;
  const auto may = refusals_.ask(now_ms() / 1000);
  if (may.allowed) log::Line(log::Level::error, "accept-failed").add("error", std::strerror(error)).write();
}

void Relay::watch_doors(bool on) {
  for (const auto& door : doors_) door->rewatch(epoll(), door->listener.fd.get(), on ? EPOLLIN : 0U);
}

void Relay::refuse(const Caller& caller, const char* why) {
  const auto may = refusals_.ask(now_ms() / 1000);
  if (!may.allowed) return;
  log::Line line(log::Level::warning, "refused");
  line.add("caller", caller.str()).add("reason", why).add("limit", max_connections_);
  if (may.suppressed != 0) line.add("suppressed", may.suppressed);
  line.write();
}

void Relay::log_dial(const Caller& caller, const DialError& error, bool given_up) {
  const auto may = dials_.ask(now_ms() / 1000);
  if (!may.allowed) return;
  log::Line line(given_up ? log::Level::error : log::Level::warning, given_up ? "closed" : "no-answer");
  line.add("caller", caller.str()).add("to", format(dialer_.to())).add("error", std::strerror(error.error));
  line.add("do", advice(dialer_.to(), error));
  if (may.suppressed != 0) line.add("suppressed", may.suppressed);
  line.write();
}

void Relay::log_turned_away(const Caller& caller) {
  if (!dials_.ask(now_ms() / 1000).allowed) return;
  log::Line(log::Level::warning, "closed-by-host")
      .add("caller", caller.str())
      .add("to", format(dialer_.to()))
      .add("do",
           "the gateway closed the connection without a word: has this virtual machine's CID a [[guest]] entry there?")
      .write();
}

std::uint64_t Relay::now_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000 + static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
}

}  // namespace gatehouse::guest
