#include "proxy/daemon/gateway.h"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "proxy/daemon/admin_socket.h"
#include "proxy/daemon/clock.h"
#include "proxy/daemon/contexts.h"
#include "proxy/daemon/http.h"
#include "proxy/daemon/report.h"
#include "proxy/daemon/tokens.h"
#include "proxy/daemon/watchdog.h"
#include "proxy/log/log.h"

namespace gatehouse::daemon {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kRound = 1000;  // ms: how often the main thread comes round, and tries listeners again
constexpr int kDrainRound = 10;
constexpr std::uint64_t kSignals = 0;
constexpr std::uint64_t kMail = 1;
constexpr std::uint64_t kListeners = 2;
// For threads that are at a token when the daemon stops.
constexpr std::chrono::seconds kStopGrace{3};
// What the end may take besides drain_timeout: acceptors, the service manager's answer, and the logs.
constexpr std::chrono::seconds kAfterDrain{15};

net::UniqueFd take_signals() {
  ::signal(SIGPIPE, SIG_IGN);  // splice raises it
  sigset_t set;
  ::sigemptyset(&set);
  for (const int s : {SIGTERM, SIGINT, SIGUSR1, SIGHUP}) ::sigaddset(&set, s);
  // Blocked here and so in every thread started later: they arrive by descriptor, on this thread.
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return net::UniqueFd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
}

bool watch(int epoll, int fd, std::uint64_t tag) {
  epoll_event e{};
  e.events = EPOLLIN;
  e.data.u64 = tag;
  return ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) == 0;
}

bool fail(const char* what, std::string_view error) {
  log::Line(log::Level::error, "start-failed").add("what", what).add("error", error).write();
  return false;
}
bool fail(const char* what) {
  return fail(what, std::strerror(errno));
}

void report_secret(const runtime::Secret& secret, const runtime::SecretPath& where) {
  if (secret.origin == runtime::Secret::Origin::made)
    log::Line(log::Level::info, "secret-made")
        .add("file", where.path)
        .add("hint", "keep it: with another one the NFSv4 state of all guests is gone")
        .write();
  if (secret.ephemeral())
    log::Line(log::Level::warning, "secret-not-kept")
        .add("file", where.path)
        .add("error", secret.why)
        .add("hint", "NFSv4 clients lose their open files and locks when gatehoused restarts: state [gateway] secret")
        .write();
}

}  // namespace

Gateway::Gateway(std::filesystem::path file, config::Config conf) : file_(std::move(file)), first_(std::move(conf)) {}

Gateway::~Gateway() = default;

// Everything but threads and sockets.
bool Gateway::prepare() {
  signals_ = take_signals();
  epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
  if (!signals_ || !epoll_ || mail_.fd() < 0 || !watch(epoll_.get(), signals_.get(), kSignals) ||
      !watch(epoll_.get(), mail_.fd(), kMail))
    return fail("signals and events");
  workers_wanted_ =
      first_->gateway.workers != 0 ? first_->gateway.workers : std::max(1U, std::thread::hardware_concurrency());
  const runtime::SecretPath where = runtime::secret_path(first_->gateway.secret, std::getenv("STATE_DIRECTORY"));
  auto secret = runtime::load_secret(where);
  if (!secret) return fail("the secret of the guests' keys", secret.error());
  report_secret(*secret, where);
  // What nobody else can know is kept nowhere.
  auto generations = runtime::Generations::load(secret->ephemeral() ? "" : where.path + ".generations");
  secret_.emplace(std::move(*secret));
  if (!generations) return fail("the names of guests that went", generations.error());
  generations_ = std::move(*generations);
  auto snapshot = runtime::make_snapshot(*std::exchange(first_, std::nullopt), ground(), generations_);
  if (!snapshot) return fail("the guests' keys", snapshot.error());
  tokens_ = make_tokens((*snapshot)->conf, workers_wanted_);
  (*snapshot)->tokens = tokens_;
  shared_ = std::make_unique<runtime::Shared>(std::move(*snapshot), workers_wanted_ + 1);
  return open_audit();
}

bool Gateway::open_audit() {
  auto audit = audit::open_sink(shared_->now()->conf.audit);
  if (!audit) return fail("[audit] log", audit.error());
  if (!audit->warning.empty()) log::Line(log::Level::warning, "audit-off").add("hint", audit->warning).write();
  shared_->audit_log.use(std::move(audit->sink));
  return true;
}

bool Gateway::start_workers() {
  for (std::size_t i = 0; i < workers_wanted_; ++i) {
    workers_.push_back(std::make_unique<worker::Worker>(*shared_, i + 1));
    if (!workers_.back()->start()) return fail("a worker's event loop");
  }
  return true;
}

metrics::Sources Gateway::sources() const {
  return {*shared_, load_, GATEHOUSE_VERSION, started_};
}

bool Gateway::start() {
  load_.loaded = started_ = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  // Before any thread is there: it changes the environment.
  std::vector<net::PassedSocket> passed = net::passed_sockets();
  if (!prepare()) return false;
  restore_contexts(passed, *shared_->now(), workers_wanted_ + 1);
  if (!start_workers()) return false;
  acceptor_ = std::make_unique<worker::Acceptor>(*shared_, workers_, std::move(passed));
  if (!acceptor_->open()) return false;
  acceptor_->watch(epoll_.get(), kListeners);
  shared_->heartbeats.beat(0, clock_now().monotonic_ms);
  auto http = start_http(shared_->now()->conf.admin, sources());
  if (!http) return fail("[admin] http", http.error());
  http_ = std::move(*http);
  admin_ = AdminSocket::open(*this, shared_->now()->conf.admin, started_);
  log::Line(log::Level::info, "ready")
      .add("version", GATEHOUSE_VERSION)
      .add("workers", workers_wanted_)
      .add("guests", shared_->now()->guests.size())
      .write();
  shared_->audit_log.started(GATEHOUSE_VERSION, shared_->now()->guests.size());
  shared_->audit_log.trusted(trusted_guests(*shared_->now()), "start");
  ::sd_notify(0, "READY=1");
  return true;
}

void Gateway::serve() {
  std::array<epoll_event, 64> events;
  Watchdog watchdog(Watchdog::asked_for());
  std::uint64_t retry_at = 0;
  while (!drained()) {
    const int n =
        ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), draining_ ? kDrainRound : kRound);
    const std::uint64_t now = clock_now().monotonic_ms;
    shared_->heartbeats.beat(0, now);
    watchdog.keep(now, shared_->heartbeats);
    bool signals = false, mail = false;
    for (int i = 0; i < n; ++i) {
      const std::uint64_t tag = events[static_cast<std::size_t>(i)].data.u64;
      signals = signals || tag == kSignals;
      mail = mail || tag == kMail;
      if (tag >= kListeners) acceptor_->accept(tag - kListeners);
    }
    // Behind the listeners, whose places a reload may change.
    if (signals) on_signals();
    if (mail) on_mail();
    // By the clock: a guest that connects all the time must not keep another's listener down.
    if (now < retry_at) continue;
    if (acceptor_->missing()) acceptor_->retry_missing();
    let_go();
    retry_at = now + kRound;
  }
}

void Gateway::on_signals() {
  signalfd_siginfo info{};
  while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    switch (info.ssi_signo) {
      case SIGUSR1: report_counters(*shared_); break;
      case SIGHUP: audit_reload({info.ssi_uid, info.ssi_pid}, reload()); break;
      default:
        shared_->audit_log.administered(audit::Act::drain, {info.ssi_uid, info.ssi_pid}, true, "by signal");
        drain();
        break;
    }
  }
}

void Gateway::on_mail() {
  std::vector<std::function<void()>> posted;
  mail_.take(posted);
  for (const auto& f : posted) f();
}

// Acceptors of former configurations end when nobody waits for them any more.
void Gateway::let_go() {
  std::erase_if(leaving_, [](const auto& pool) { return pool.use_count() == 1 && pool->idle(); });
}

void Gateway::drain() {
  at_once_ = draining_;
  if (draining_) return;
  draining_ = true;
  const auto timeout = shared_->now()->conf.gateway.drain_timeout;
  drain_until_ = steady_clock::now() + timeout;
  shared_->draining = true;
  log::Line(log::Level::info, "draining").add("timeout_ms", timeout.count()).write();
  // systemd ends who takes longer than TimeoutStopSec= without saying so.
  const std::chrono::microseconds longest = timeout + kAfterDrain;
  ::sd_notify(0, ("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + std::to_string(longest.count())).c_str());
  acceptor_->close();
  for (const auto& w : workers_) w->post([](worker::Worker& self) { self.drain(); });
}

bool Gateway::drained() const {
  if (!draining_) return false;
  if (at_once_ || steady_clock::now() >= drain_until_) return true;
  return std::ranges::all_of(workers_, [](const auto& w) { return w->load() == 0; });
}

bool Gateway::stop() {
  admin_.reset();
  http_.reset();
  for (const auto& w : workers_) w->stop();
  if (tokens_ != nullptr) leaving_.push_back(tokens_);
  const auto until = steady_clock::now() + kStopGrace;
  bool ended = true;
  for (const auto& pool : leaving_) {
    const auto left = std::chrono::duration_cast<milliseconds>(until - steady_clock::now());
    ended = pool->stop(std::max(left, milliseconds(0))) && ended;
  }
  if (!ended)
    log::Line(log::Level::warning, "acceptor-hangs")
        .add("hint", "the system's accounts or the keytab's file system do not answer: leaving without them")
        .write();
  save_contexts(*shared_->now());
  report_counters(*shared_);
  shared_->audit_log.stopping();
  ended = shared_->audit_log.stop(kStopGrace) && ended;
  log::Line(log::Level::info, "stopped").write();
  return ended;
}

}  // namespace gatehouse::daemon
