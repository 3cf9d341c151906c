// A new configuration for the running gateway (docs/design/reload.md).
#include <systemd/sd-daemon.h>

#include <ctime>

#include "proxy/audit/events.h"
#include "proxy/daemon/admin_socket.h"
#include "proxy/daemon/gateway.h"
#include "proxy/daemon/http.h"
#include "proxy/daemon/tokens.h"
#include "proxy/log/log.h"

namespace gatehouse::daemon {
namespace {

std::string reloading() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  const auto us = static_cast<std::uint64_t>(t.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(t.tv_nsec) / 1000;
  return "RELOADING=1\nMONOTONIC_USEC=" + std::to_string(us);
}

std::optional<std::string> http_of(const config::Config& c) {
  return c.admin.http_address ? std::optional(net::format(*c.admin.http_address)) : std::nullopt;
}

void log_problem(log::Level level, const char* event, const config::Problem& p) {
  log::Line(level, event).add("problem", p.str()).write();
}

}  // namespace

Reloaded Gateway::reload() {
  if (draining_) return refuse("the gateway is draining: it is about to end");
  ::sd_notify(0, reloading().c_str());
  auto conf = config::load(file_);
  if (!conf) return refuse({}, std::move(conf.error()));
  // No file at all says so little but one that is being written.
  if (conf->guests.empty() && conf->listeners.empty() && conf->backends.empty())
    return refuse(file_.string() + " says nothing: is it half-written? To serve nobody, stop gatehoused");
  Reloaded out;
  out.warnings = conf->warnings;
  const std::shared_ptr<runtime::Snapshot> before = shared_->now();
  note_unapplied(*conf, out);

  auto change = runtime::make_change(*before, *std::move(conf), ground(), generations_);
  if (!change) return refuse(change.error());
  const config::Config& next = change->next->conf;
  const bool same = same_tokens(before->conf, next);
  change->next->tokens = same ? tokens_ : make_tokens(next, workers_wanted_);
  const bool move_http = http_of(before->conf) != http_of(next);
  auto http = move_http ? start_http(next.admin, sources()) : nullptr;
  if (!http) return refuse("[admin] http: " + http.error());
  auto audit = audit::open_sink(next.audit);
  if (!audit) return refuse("[audit] log: " + audit.error());
  if (!audit->warning.empty()) out.warnings.push_back({file_.string(), 0, 0, audit->warning});
  auto slots = acceptor_->prepare(*change->next);
  if (!slots) return refuse(slots.error());

  // From here on nothing is refused.
  shared_->audit_log.use(std::move(audit->sink));
  if (move_http) http_ = std::move(*http);
  if (same && tokens_ != nullptr) tokens_->forget_ids();
  if (!same && tokens_ != nullptr) leaving_.push_back(tokens_);
  tokens_ = change->next->tokens;
  return commit(*std::move(change), *std::move(slots), std::move(out));
}

Reloaded Gateway::commit(runtime::Change made, std::vector<worker::Acceptor::Slot> slots, Reloaded out) {
  const auto change = std::make_shared<const runtime::Change>(std::move(made));
  if (const auto kept = generations_.raise(change->went); !kept)
    log::Line(log::Level::error, "generations-not-kept")
        .add("error", kept.error())
        .add("hint", "after a restart a guest that gets the name of one that went has its NFSv4 keys")
        .write();
  runtime::apply(*change->next);
  const std::shared_ptr<runtime::Snapshot> before = shared_->replace(change->next);
  take_on(change);
  acceptor_->take_on(change->next, std::move(slots));
  shared_->audit_log.trusted(trusted_guests(*change->next), "reload");
  const auto ended = [this](const runtime::GuestState& g, const gss::Context& c) { audit_end(g, c); };
  out.contexts = runtime::retire_contexts(*before, *change, ended);
  // A context that a worker has accepted meanwhile, under the configuration before.
  auto rest = std::shared_ptr<void>(nullptr, [this, before, change, ended](void*) {
    post([before, change, ended] { (void)runtime::retire_contexts(*before, *change, ended); });
  });
  for (const auto& w : workers_) w->post([rest](worker::Worker&) {});

  out.good = true;
  out.snapshot = change->next->number;
  out.added = change->added;
  out.removed = change->removed;
  out.replaced = change->replaced;
  out.changed = change->changed;
  load_.good = true;
  load_.loaded = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  for (const config::Problem& p : out.warnings) log_problem(log::Level::warning, "reload-warning", p);
  log::Line(log::Level::info, "reloaded")
      .add("snapshot", out.snapshot)
      .add("guests", change->next->guests.size())
      .add("added", out.added.size())
      .add("removed", out.removed.size())
      .add("replaced", out.replaced.size())
      .add("changed", out.changed.size())
      .add("contexts_retired", out.contexts)
      .write();
  tell_admin(out);
  ::sd_notify(0, "READY=1");
  return out;
}

void Gateway::audit_end(const runtime::GuestState& guest, const gss::Context& context) {
  shared_->audit_log.record(guest.audit_source, [&] { return audit::context_ended(context.identity(), "reload"); });
}

void Gateway::audit_reload(audit::Asker by, const Reloaded& what) {
  std::string detail = what.error;
  if (!what.problems.empty()) detail = what.problems.front().str();
  if (what.good) detail = "snapshot " + std::to_string(what.snapshot);
  shared_->audit_log.administered(audit::Act::reload, by, what.good, detail);
}

std::vector<std::shared_ptr<audit::Source>> trusted_guests(const runtime::Snapshot& s) {
  std::vector<std::shared_ptr<audit::Source>> out;
  for (std::size_t i = 0; i < s.guests.size(); ++i)
    if (s.conf.guests[i].trusted) out.push_back(s.guests[i]->audit_source);
  return out;
}

void Gateway::take_on(const std::shared_ptr<const runtime::Change>& change) {
  for (const auto& w : workers_) w->post([change](worker::Worker& self) { self.take_on(*change); });
}

Reloaded Gateway::refuse(std::string error, std::vector<config::Problem> problems) {
  Reloaded out;
  out.error = std::move(error);
  out.problems = std::move(problems);
  out.snapshot = shared_->now()->number;
  load_.good = false;
  for (const config::Problem& p : out.problems) log_problem(log::Level::error, "reload-problem", p);
  log::Line line(log::Level::error, "reload-refused");
  line.add("problems", out.problems.size());
  if (!out.error.empty()) line.add("error", out.error);
  line.add("hint", "the configuration before stays in force; gatehousectl check shows what is wrong").write();
  tell_admin(out);
  if (!draining_) ::sd_notify(0, "READY=1");
  return out;
}

void Gateway::tell_admin(const Reloaded& what) const {
  if (admin_ != nullptr) admin_->reloaded(shared_->now()->conf.admin, what);
}

// What a reload leaves as it is.
void Gateway::note_unapplied(const config::Config& next, Reloaded& out) const {
  const config::Config& now = shared_->now()->conf;
  const auto note = [&](bool differs, const char* key) {
    if (differs)
      out.warnings.push_back({file_.string(), 0, 0, std::string(key) + " takes effect when gatehoused is restarted"});
  };
  note(next.gateway.workers != now.gateway.workers, "[gateway] workers");
  note(next.gateway.secret != now.gateway.secret, "[gateway] secret");
  note(next.admin.socket != now.admin.socket, "[admin] socket");
}

}  // namespace gatehouse::daemon
