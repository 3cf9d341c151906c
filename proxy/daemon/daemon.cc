#include "proxy/daemon/daemon.h"

#include <sys/epoll.h>
#include <sys/resource.h>
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

#include "proxy/daemon/report.h"
#include "proxy/daemon/watchdog.h"
#include "proxy/log/log.h"
#include "proxy/metrics/http.h"
#include "proxy/runtime/secret.h"
#include "proxy/worker/acceptor.h"

namespace gatehouse::daemon {
namespace {

constexpr int kRound = 1000;  // ms: how often the main thread comes round, and tries listeners again
constexpr std::uint64_t kSignals = 0;
constexpr std::uint64_t kListeners = 1;
// Accepting computes little and waits for a directory or gssproxy at times: some threads even on one core.
constexpr std::size_t kFewestAcceptors = 4;
constexpr std::size_t kMostAcceptors = 16;
// Of the socket file of [admin] http.
constexpr std::uint32_t kHttpMode = 0660;
// For threads that are at a token when the daemon stops.
constexpr std::chrono::seconds kStopGrace{3};
// Tokens that may wait in all; each guest's are bounded by limits.nascent_contexts.
constexpr std::size_t kMostTokens = 4096;

// Every connection and every link is a descriptor: take what the host allows.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

net::UniqueFd take_signals() {
  ::signal(SIGPIPE, SIG_IGN);  // splice raises it
  sigset_t set;
  ::sigemptyset(&set);
  for (const int s : {SIGTERM, SIGINT, SIGUSR1, SIGHUP}) ::sigaddset(&set, s);
  // Blocked here and so in every thread started later: they arrive by descriptor, on this thread.
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return net::UniqueFd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
}

std::size_t worker_count(const config::Config& c) {
  if (c.gateway.workers != 0) return c.gateway.workers;
  return std::max(1U, std::thread::hardware_concurrency());
}

// The threads that accept Kerberos tokens; null when no guest may use any krb5 flavor.
std::unique_ptr<offload::AcceptPool> make_acceptor(const config::Config& c, std::size_t workers) {
  const auto speaks = [](const policy::Guest& g) {
    return g.sec.has_kerberos() ||
           std::ranges::any_of(g.sec_by_program, [](const auto& p) { return p.second.has_kerberos(); });
  };
  if (!std::ranges::any_of(c.guests, speaks)) return nullptr;
  const config::Kerberos& k = c.kerberos;
  const std::size_t threads =
      std::clamp<std::size_t>(std::thread::hardware_concurrency(), kFewestAcceptors, kMostAcceptors);
  auto acceptor = k.acceptor == config::Kerberos::Acceptor::keytab
                      ? gss::make_keytab_acceptor(k.keytab, k.service, k.replay_cache)
                      : gss::make_gssproxy_acceptor(k.gssproxy_socket, k.service, threads);
  return std::make_unique<offload::AcceptPool>(
      std::move(acceptor), std::make_unique<gss::Mapper>(c.principals, k.id_cache),
      offload::AcceptPool::Terms{k.accept_timeout, k.context_lifetime, k.sequence_window, workers + 1}, threads,
      kMostTokens);
}

// False: the daemon is to end.
bool on_signals(int fd, const runtime::Shared& shared) {
  signalfd_siginfo info{};
  while (::read(fd, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    switch (info.ssi_signo) {
      case SIGUSR1: report_counters(shared); break;
      case SIGHUP:
        log::Line(log::Level::error, "reload-refused")
            .add("hint", "this version does not reload: check the file with gatehousectl check, then restart")
            .write();
        break;
      default: return false;
    }
  }
  return true;
}

int fail(const char* what, std::string_view error) {
  log::Line(log::Level::error, "start-failed").add("what", what).add("error", error).write();
  return 1;
}
int fail(const char* what) {
  return fail(what, std::strerror(errno));
}

// Serves metrics where [admin] http says, if it does.
std::expected<std::unique_ptr<metrics::HttpServer>, std::string> start_http(const metrics::Sources& from) {
  const auto& address = from.shared.conf.admin.http_address;
  if (!address) return nullptr;
  config::Listener where;
  where.name = "http";
  where.address = *address;
  where.mode = kHttpMode;
  auto socket = net::open_listener(where, {});
  if (!socket) return std::unexpected(std::move(socket.error().text));
  auto server = metrics::HttpServer::start(std::move(*socket), from);
  if (server) log::Line(log::Level::info, "http").add("address", net::format(*address)).write();
  return server;
}

std::int64_t wall_seconds() {
  return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
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

std::uint64_t monotonic_ms() {
  using std::chrono::duration_cast, std::chrono::milliseconds, std::chrono::steady_clock;
  return static_cast<std::uint64_t>(duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count());
}

void serve(worker::Acceptor& acceptor, runtime::Shared& shared, int epoll, int signals) {
  std::array<epoll_event, 64> events;
  Watchdog watchdog(Watchdog::asked_for());
  std::uint64_t retry_at = 0;
  for (;;) {
    const int n = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), kRound);
    const std::uint64_t now = monotonic_ms();
    shared.heartbeats.beat(0, now);
    watchdog.keep(now, shared.heartbeats);
    for (int i = 0; i < n; ++i) {
      const std::uint64_t tag = events[static_cast<std::size_t>(i)].data.u64;
      if (tag != kSignals) {
        acceptor.accept(tag - kListeners);
      } else if (!on_signals(signals, shared)) {
        return;
      }
    }
    // By the clock: a guest that connects all the time must not keep another's listener down.
    if (!acceptor.missing() || now < retry_at) continue;
    acceptor.retry_missing();
    retry_at = now + kRound;
  }
}

}  // namespace

int run(config::Config conf) {
  raise_descriptor_limit();
  const net::UniqueFd signals = take_signals();
  const net::UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  epoll_event e{};
  e.events = EPOLLIN;
  e.data.u64 = kSignals;
  if (!signals || !epoll || ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, signals.get(), &e) != 0)
    return fail("signals and events");

  metrics::ConfigLoad load;
  load.loaded = wall_seconds();
  const std::size_t count = worker_count(conf);
  const runtime::SecretPath where = runtime::secret_path(conf.gateway.secret, std::getenv("STATE_DIRECTORY"));
  const auto secret = runtime::load_secret(where);
  if (!secret) return fail("the secret of the guests' keys", secret.error());
  report_secret(*secret, where);
  runtime::Shared shared(std::move(conf), count, secret->bytes());
  if (!shared.ready()) return fail("the guests' keys", "OpenSSL makes none: is HKDF with SHA-256 there?");
  const std::unique_ptr<offload::AcceptPool> tokens = make_acceptor(shared.conf, count);
  std::vector<std::unique_ptr<worker::Worker>> workers;
  for (std::size_t i = 0; i < count; ++i) {
    workers.push_back(std::make_unique<worker::Worker>(shared, i + 1, tokens.get()));
    if (!workers.back()->start()) return fail("a worker's event loop");
  }
  worker::Acceptor acceptor(shared, workers);
  std::vector<net::PassedSocket> passed = net::passed_sockets();
  if (!acceptor.open(passed)) return 1;
  acceptor.watch(epoll.get(), kListeners);
  shared.heartbeats.beat(0, monotonic_ms());
  auto http = start_http({shared, tokens.get(), load, GATEHOUSE_VERSION, load.loaded});
  if (!http) return fail("[admin] http", http.error());
  log::Line(log::Level::info, "ready")
      .add("version", GATEHOUSE_VERSION)
      .add("workers", count)
      .add("guests", shared.conf.guests.size())
      .write();
  ::sd_notify(0, "READY=1");
  serve(acceptor, shared, epoll.get(), signals.get());
  ::sd_notify(0, "STOPPING=1");
  http->reset();
  for (const auto& w : workers) w->stop();
  const bool ended = tokens == nullptr || tokens->stop(kStopGrace);
  report_counters(shared);
  log::Line(log::Level::info, "stopped").write();
  if (!ended) {
    // A look-up that hangs cannot be interrupted, and nothing is left to be saved.
    log::Line(log::Level::warning, "acceptor-hangs")
        .add("hint", "the system's accounts or the keytab's file system do not answer: leaving without them")
        .write();
    ::_exit(0);
  }
  return 0;
}

}  // namespace gatehouse::daemon
