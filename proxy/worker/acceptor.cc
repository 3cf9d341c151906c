#include "proxy/worker/acceptor.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "proxy/audit/events.h"
#include "proxy/log/log.h"

namespace gatehouse::worker {
namespace {

constexpr int kAcceptsPerTurn = 64;
// Guests' ports whose worker is remembered.
constexpr std::size_t kMostRemembered = 65536;

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

Acceptor::Acceptor(runtime::Shared& shared, std::span<const std::unique_ptr<Worker>> workers,
                   std::vector<net::PassedSocket> passed)
    : shared_(shared),
      workers_(workers),
      now_(shared.now()),
      passed_(std::move(passed)),
      slots_(now_->conf.listeners.size()),
      reserve_(open_reserve()) {}

Acceptor::~Acceptor() {
  close();
  for (const net::PassedSocket& p : passed_)
    if (p.fd >= 0) ::close(p.fd);
}

bool Acceptor::open() {
  bool all = true;
  for (std::size_t i = 0; i < slots_.size(); ++i) all = try_open(now_->conf.listeners[i], slots_[i]) && all;
  return all;
}

// False: a failure that waiting does not mend.
bool Acceptor::try_open(const config::Listener& conf, Slot& slot) {
  auto opened = net::open_listener(conf, passed_);
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

// The slots that are there now, by their addresses.
Acceptor::Places Acceptor::slots_by_address() const {
  Places out;
  for (std::size_t i = 0; i < slots_.size(); ++i) out.emplace(net::format(now_->conf.listeners[i].address), i);
  return out;
}

std::expected<std::vector<Acceptor::Slot>, std::string> Acceptor::prepare(const runtime::Snapshot& next) {
  std::vector<Slot> out(next.conf.listeners.size());
  const Places there = slots_by_address();
  for (std::size_t i = 0; i < out.size(); ++i) {
    const config::Listener& conf = next.conf.listeners[i];
    if (there.contains(net::format(conf.address))) continue;
    if (try_open(conf, out[i])) continue;
    for (std::size_t j = 0; j < i; ++j) end(out[j], next.conf.listeners[j]);
    return std::unexpected("listener " + conf.name + " cannot be opened: the line event=listener-failed says why");
  }
  return out;
}

void Acceptor::take_on(std::shared_ptr<runtime::Snapshot> next, std::vector<Slot> opened) {
  std::vector<bool> stays(slots_.size());
  const Places there = slots_by_address();
  for (std::size_t i = 0; i < opened.size(); ++i) {
    const config::Listener& conf = next->conf.listeners[i];
    const auto from = there.find(net::format(conf.address));
    if (from == there.end()) continue;
    stays[from->second] = true;
    opened[i] = std::move(slots_[from->second]);
    if (!opened[i].socket.fd) continue;
    if (const auto done = net::apply_listener(opened[i].socket, conf); !done)
      log::Line(log::Level::error, "listener-kept").add("listener", conf.name).add("error", done.error().text).write();
  }
  for (std::size_t i = 0; i < stays.size(); ++i)
    if (!stays[i]) end(slots_[i], now_->conf.listeners[i]);
  slots_ = std::move(opened);
  now_ = std::move(next);
  for (std::size_t i = 0; i < slots_.size(); ++i)
    if (!slots_[i].paused) watch_one(i);
}

// A socket of the service manager may be asked for again.
void Acceptor::end(Slot& slot, const config::Listener& conf) {
  if (!slot.socket.fd) return;
  if (epoll_ >= 0) ::epoll_ctl(epoll_, EPOLL_CTL_DEL, slot.socket.fd.get(), nullptr);
  if (!slot.socket.unlink_path.empty()) ::unlink(slot.socket.unlink_path.c_str());
  if (const auto* s = std::get_if<net::SystemdAddress>(&conf.address))
    passed_.push_back({s->name, slot.socket.fd.release()});
  slot = {};
}

void Acceptor::close() {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    end(slots_[i], now_->conf.listeners[i]);
    now_->listening[i].store(false, std::memory_order_relaxed);
  }
  epoll_ = -1;
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
  const int fd = slots_[index].socket.fd.get();
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &e) != 0 && errno == EEXIST) ::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &e);
  now_->listening[index].store(true, std::memory_order_relaxed);
}

bool Acceptor::missing() const {
  return epoll_ >= 0 && std::ranges::any_of(slots_, [](const Slot& s) { return !s.socket.fd || s.paused; });
}

void Acceptor::retry_missing() {
  if (!reserve_) reserve_.reset(open_reserve());
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    if (slot.socket.fd && !slot.paused) continue;
    slot.paused = false;
    if (!slot.socket.fd) try_open(now_->conf.listeners[i], slot);
    watch_one(i);
  }
}

void Acceptor::accept(std::size_t index) {
  if (index >= slots_.size() || !slots_[index].socket.fd) return;
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
        now_->listening[index].store(false, std::memory_order_relaxed);
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
  shared_.audit_log.record(shared_.no_guest, [] { return audit::connection_shed("descriptors"); });
  const auto allowed = shared_.nobody.ask(monotonic_seconds());
  if (!allowed.allowed) return done;
  log::Line(log::Level::error, "out-of-descriptors")
      .add("hint", "the newest connection was closed; raise LimitNOFILE= or lower the guests' limits.connections")
      .add("suppressed", allowed.suppressed)
      .write();
  return done;
}

void Acceptor::place(net::UniqueFd fd, const net::Peer& peer) {
  const auto guest = now_->index.find(peer);
  if (!guest) return turn_away(peer);
  runtime::GuestState& state = *now_->guests[*guest];
  if (state.draining.load(std::memory_order_relaxed)) {
    shared_.audit_log.record(state.audit_source,
                             [&] { return audit::connection_refused(peer, "draining", listener_of(peer)); });
    return state.counters(0).add(runtime::Count::connections_shed);
  }
  if (!state.connections.try_take(1)) return over_limit(state, peer);
  set_nodelay(fd.get(), peer);
  worker_for(state, peer).adopt({std::move(fd), peer, *guest, next_id_++});
}

// The worker with the fewest sessions; for a client that comes again from its reserved port the one that it had, which
// sees the end of the connection before: the port is then free for the new link, and the server's reply cache knows it.
Worker& Acceptor::worker_for(const runtime::GuestState& guest, const net::Peer& peer) {
  const auto fewest = [this] {
    return std::ranges::min_element(workers_, {}, [](const auto& w) { return w->load(); }) - workers_.begin();
  };
  const auto worker = [this](std::ptrdiff_t at) -> Worker& { return *workers_[static_cast<std::size_t>(at)]; };
  if (!peer.port || *peer.port >= authunix::kFirstUnprivilegedPort) return worker(fewest());
  if (had_.size() >= kMostRemembered) had_.clear();
  const auto [at, fresh] = had_.try_emplace({&guest, *peer.port});
  if (fresh) at->second = fewest();
  return worker(at->second);
}

void Acceptor::turn_away(const net::Peer& peer) {
  shared_.strangers.fetch_add(1, std::memory_order_relaxed);
  shared_.audit_log.record(shared_.no_guest,
                           [&] { return audit::connection_refused(peer, "no-guest", listener_of(peer)); });
  const auto allowed = shared_.nobody.ask(monotonic_seconds());
  if (!allowed.allowed) return;
  log::Line(log::Level::warning, "no-guest")
      .add("listener", listener_of(peer))
      .add("peer", peer.str())
      .add("hint", "no [[guest]] entry names this peer: the connection was closed")
      .add("suppressed", allowed.suppressed)
      .write();
}

void Acceptor::over_limit(runtime::GuestState& guest, const net::Peer& peer) {
  guest.counters(0).add(runtime::Count::connections_shed);
  shared_.audit_log.record(guest.audit_source,
                           [&] { return audit::connection_refused(peer, "connections", listener_of(peer)); });
  const auto allowed = guest.log.ask(monotonic_seconds());
  if (!allowed.allowed) return guest.counters(0).add(runtime::Count::log_lines_suppressed);
  log::Line(log::Level::warning, "connection-limit")
      .add("guest", guest.name)
      .add("peer", peer.str())
      .add("limit", guest.connections.limit())
      .add("suppressed", allowed.suppressed)
      .write();
}

}  // namespace gatehouse::worker
