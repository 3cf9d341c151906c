#include "proxy/worker/acceptor.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "proxy/log/log.h"

namespace gatehouse::worker {
namespace {

constexpr int kAcceptsPerTurn = 64;

std::uint64_t monotonic_seconds() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
  return static_cast<std::uint64_t>(t.tv_sec);
}

int open_reserve() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void set_nodelay(int fd, const net::Peer& peer) {
  if (peer.transport != net::Transport::tcp) return;
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace

Acceptor::Acceptor(runtime::Shared& shared, std::span<const std::unique_ptr<Worker>> workers)
    : shared_(shared), workers_(workers), slots_(shared.conf.listeners.size()), reserve_(open_reserve()) {}

Acceptor::~Acceptor() {
  for (const Slot& s : slots_)
    if (!s.socket.unlink_path.empty()) ::unlink(s.socket.unlink_path.c_str());
}

bool Acceptor::open(std::span<net::PassedSocket> passed) {
  bool all = true;
  for (std::size_t i = 0; i < slots_.size(); ++i) all = try_open(i, passed) && all;
  return all;
}

// False: a failure that waiting does not mend.
bool Acceptor::try_open(std::size_t index, std::span<net::PassedSocket> passed) {
  const config::Listener& conf = shared_.conf.listeners[index];
  Slot& slot = slots_[index];
  auto opened = net::open_listener(conf, passed);
  if (opened) {
    slot.socket = std::move(*opened);
    log::Line(log::Level::info, "listening")
        .add("listener", conf.name)
        .add("address", net::format(conf.address))
        .write();
    return true;
  }
  if (!slot.reported || !opened.error().retry)
    log::Line(opened.error().retry ? log::Level::warning : log::Level::error, "listener-failed")
        .add("listener", conf.name)
        .add("error", opened.error().text)
        .add("retried", std::string_view(opened.error().retry ? "yes" : "no"))
        .write();
  slot.reported = true;
  return opened.error().retry;
}

void Acceptor::watch(int epoll, std::uint64_t base) {
  epoll_ = epoll;
  base_ = base;
  for (std::size_t i = 0; i < slots_.size(); ++i) watch_one(i);
}

void Acceptor::watch_one(std::size_t index) {
  if (!slots_[index].socket.fd) return;
  epoll_event e{};
  e.events = EPOLLIN;
  e.data.u64 = base_ + index;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, slots_[index].socket.fd.get(), &e);
  shared_.listening[index].store(true, std::memory_order_relaxed);
}

bool Acceptor::missing() const {
  return std::ranges::any_of(slots_, [](const Slot& s) { return !s.socket.fd || s.paused; });
}

void Acceptor::retry_missing() {
  if (!reserve_) reserve_.reset(open_reserve());
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    if (slot.socket.fd && !slot.paused) continue;
    slot.paused = false;
    if (!slot.socket.fd) try_open(i, {});
    watch_one(i);
  }
}

void Acceptor::accept(std::size_t index) {
  const net::ListenSocket& listener = slots_[index].socket;
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    sockaddr_storage from{};
    socklen_t len = sizeof from;
    net::UniqueFd fd(
        ::accept4(listener.fd.get(), reinterpret_cast<sockaddr*>(&from), &len, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) {
      if (errno == EMFILE || errno == ENFILE) {
        if (shed(listener.fd.get())) continue;
        ::epoll_ctl(epoll_, EPOLL_CTL_DEL, listener.fd.get(), nullptr);
        slots_[index].paused = true;
        shared_.listening[index].store(false, std::memory_order_relaxed);
        return;
      }
      // A vsock accept is interrupted where TCP's is not; a connection that was reset while it waited is no failure.
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return;
    }
    auto peer = net::peer_of(fd.get(), from, listener.hybrid, listener.interface);
    if (!peer) continue;
    peer->listener = static_cast<std::uint16_t>(index);
    place(std::move(fd), *peer);
  }
}

// No descriptor is left: the newest connection is taken on the reserve and closed, so that the backlog does not keep
// us awake for ever. False: a worker took the reserve's place first, and the listener must pause.
bool Acceptor::shed(int listener) {
  reserve_.reset();
  net::UniqueFd newest(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  const bool done = static_cast<bool>(newest);
  newest.reset();
  reserve_.reset(open_reserve());
  const auto allowed = shared_.nobody.ask(monotonic_seconds());
  if (!allowed.allowed) return done;
  log::Line(log::Level::error, "out-of-descriptors")
      .add("hint", "the newest connection was closed; raise LimitNOFILE= or lower the guests' limits.connections")
      .add("suppressed", allowed.suppressed)
      .write();
  return done;
}

void Acceptor::place(net::UniqueFd fd, const net::Peer& peer) {
  const auto guest = shared_.index.find(peer);
  if (!guest) return turn_away(peer);
  runtime::GuestState& state = *shared_.guests[*guest];
  if (!state.connections.try_take(1)) return over_limit(state, peer);
  set_nodelay(fd.get(), peer);
  const auto least = std::ranges::min_element(workers_, {}, [](const auto& w) { return w->load(); });
  (*least)->adopt({std::move(fd), peer, *guest, next_id_++});
}

void Acceptor::turn_away(const net::Peer& peer) {
  shared_.strangers.fetch_add(1, std::memory_order_relaxed);
  const auto allowed = shared_.nobody.ask(monotonic_seconds());
  if (!allowed.allowed) return;
  log::Line(log::Level::warning, "no-guest")
      .add("listener", shared_.conf.listeners[peer.listener].name)
      .add("peer", peer.str())
      .add("hint", "no [[guest]] entry names this peer: the connection was closed")
      .add("suppressed", allowed.suppressed)
      .write();
}

void Acceptor::over_limit(runtime::GuestState& guest, const net::Peer& peer) {
  guest.counters(0).add(runtime::Count::connections_shed);
  const auto allowed = guest.log.ask(monotonic_seconds());
  if (!allowed.allowed) return guest.counters(0).add(runtime::Count::log_lines_suppressed);
  log::Line(log::Level::warning, "connection-limit")
      .add("guest", guest.policy.name)
      .add("peer", peer.str())
      .add("limit", guest.policy.limits.connections)
      .add("suppressed", allowed.suppressed)
      .write();
}

}  // namespace gatehouse::worker
