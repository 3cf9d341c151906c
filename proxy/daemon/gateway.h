// The running gateway: what its main thread does.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "proxy/metrics/http.h"
#include "proxy/offload/accept_pool.h"
#include "proxy/runtime/generations.h"
#include "proxy/runtime/mailbox.h"
#include "proxy/runtime/secret.h"
#include "proxy/worker/acceptor.h"

namespace gatehouse::daemon {

/// Reloaded: what came of a reload.
struct Reloaded {
  bool good = false;
  std::vector<config::Problem> problems;  ///< of the configuration, when it is not good
  std::string error;                      ///< why it was refused, when the configuration is
  std::vector<config::Problem> warnings;  ///< of a good one, and what takes effect at the next start only
  std::uint64_t snapshot = 0;             ///< number of the snapshot in force
  std::vector<std::string> added, removed, replaced, changed;  ///< guests
  std::size_t contexts = 0;                                    ///< that were retired
};

class AdminSocket;

/// trusted_guests: of the snapshot, for the audit log.
std::vector<std::shared_ptr<audit::Source>> trusted_guests(const runtime::Snapshot& s);

/// Gateway: workers, listeners and what goes with them. Made, started, served and destroyed by the main thread; post()
/// alone is thread-safe.
class Gateway {
 public:
  /// Gateway: `file` is what a reload reads; `conf` what was read from it.
  Gateway(std::filesystem::path file, config::Config conf);
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  /// start: false: the host refused something, which was logged.
  bool start();
  /// serve: until a signal or drain() ends it.
  void serve();
  /// stop: ends what start() began. False: a thread hangs, and the process can only exit.
  bool stop();

  /// post: calls `f` on the main thread. Thread-safe.
  void post(std::function<void()> f) { mail_.post(std::move(f)); }

  /// reload: reads the configuration again and puts it into force, or leaves everything as it is.
  Reloaded reload();
  /// drain: takes nothing new; serve() returns when all calls are answered, or after gateway.drain_timeout. Asked
  /// again: at once.
  void drain();

  [[nodiscard]] runtime::Shared& shared() { return *shared_; }
  [[nodiscard]] std::vector<std::unique_ptr<worker::Worker>>& workers() { return workers_; }
  [[nodiscard]] const metrics::ConfigLoad& last_load() const { return load_; }

 private:
  bool prepare();
  bool open_audit();
  bool start_workers();
  [[nodiscard]] metrics::Sources sources() const;
  Reloaded refuse(std::string error, std::vector<config::Problem> problems = {});
  Reloaded commit(runtime::Change change, std::vector<worker::Acceptor::Slot> slots, Reloaded out);
  void audit_reload(audit::Asker by, const Reloaded& what);
  void audit_end(const runtime::GuestState& guest, const gss::Context& context);
  void take_on(const std::shared_ptr<const runtime::Change>& change);
  void note_unapplied(const config::Config& next, Reloaded& out) const;
  void on_signals();
  void on_mail();
  void let_go();
  void tell_admin(const Reloaded& what) const;
  [[nodiscard]] bool drained() const;
  [[nodiscard]] runtime::Ground ground() const { return {workers_wanted_ + 1, secret_->bytes()}; }

  const std::filesystem::path file_;
  std::optional<config::Config> first_;  ///< until the first snapshot is made of it
  net::UniqueFd signals_;
  net::UniqueFd epoll_;
  runtime::Mailbox<std::function<void()>> mail_;
  std::size_t workers_wanted_ = 1;
  std::optional<runtime::Secret> secret_;
  runtime::Generations generations_;
  std::unique_ptr<runtime::Shared> shared_;
  std::vector<std::unique_ptr<worker::Worker>> workers_;
  std::unique_ptr<worker::Acceptor> acceptor_;
  metrics::ConfigLoad load_;
  std::int64_t started_ = 0;
  std::unique_ptr<metrics::HttpServer> http_;
  std::unique_ptr<AdminSocket> admin_;  ///< null: there is none
  std::shared_ptr<offload::AcceptPool> tokens_;
  std::vector<std::shared_ptr<offload::AcceptPool>> leaving_;  ///< of former snapshots, until they are idle
  std::chrono::steady_clock::time_point drain_until_;
  bool draining_ = false;
  bool at_once_ = false;
};

}  // namespace gatehouse::daemon
