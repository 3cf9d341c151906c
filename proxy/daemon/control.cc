#include "proxy/daemon/control.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>

#include "proxy/audit/events.h"
#include "proxy/daemon/admin_rows.h"
#include "proxy/daemon/clock.h"
#include "proxy/log/log.h"

namespace gatehouse::daemon {
namespace {

using admin::Code;
using admin::Refusal;
using runtime::GuestState;
using session::Session;

std::unexpected<Refusal> no_guest(const std::string& name) {
  return std::unexpected(Refusal{Code::not_found, "there is no guest " + log::escaped(name)});
}

// Calls `f` on the thread of each worker, and `last` behind all of them, on the thread that comes last: both short.
void on_workers(Gateway& gateway, const std::function<void(worker::Worker&)>& f, std::function<void()> last) {
  const std::shared_ptr<void> behind(nullptr, [last = std::move(last)](void*) { last(); });
  for (const auto& w : gateway.workers()) w->post([f, behind](worker::Worker& self) { f(self); });
}

// What the audit log says of a context that an administrator ends.
gss::ContextTable::Ended ended_by_admin(runtime::Shared& shared, const GuestState& guest) {
  return [&shared, source = guest.audit_source](const gss::Context& c) {
    shared.audit_log.record(source, [&] { return audit::context_ended(c.identity(), "admin"); });
  };
}

audit::Act act_of(admin::Command c) {
  switch (c) {
    case admin::Command::reload: return audit::Act::reload;
    case admin::Command::drain: return audit::Act::drain;
    case admin::Command::log_level: return audit::Act::log_level;
    case admin::Command::evict: return audit::Act::evict;
    default: return audit::Act::trace;
  }
}

// On what something was done: "guest=web1 undo=true".
std::string detail_of(const admin::Request& r) {
  std::string out;
  const auto add = [&](const char* key, const std::string& value) {
    out += (out.empty() ? "" : " ") + std::string(key) + '=' + log::escaped(value);
  };
  if (r.guest) add("guest", *r.guest);
  if (r.session) add("session", std::to_string(*r.session));
  if (r.principal) add("principal", *r.principal);
  if (r.level) add("level", *r.level);
  if (r.undo) add("undo", "true");
  return out;
}

}  // namespace

GatewayControl::GatewayControl(Gateway& gateway, std::int64_t started) : gateway_(gateway), started_(started) {}

void GatewayControl::note(const Reloaded& reload) {
  const std::lock_guard lock(mutex_);
  last_ = {clock_now().wall_s, reload.good, reload.problems};
  // What refuses a configuration that is good in itself has no place in it.
  if (!reload.error.empty()) last_.problems.push_back({"", 0, 0, reload.error});
}

std::expected<GatewayControl::State, Refusal> GatewayControl::find(const std::string& guest) const {
  const auto snapshot = gateway_.shared().now();
  const auto at = std::ranges::find(snapshot->guests, guest, &GuestState::name);
  if (at == snapshot->guests.end()) return no_guest(guest);
  return *at;
}

std::expected<std::vector<GatewayControl::State>, Refusal> GatewayControl::chosen(
    const std::optional<std::string>& guest) const {
  if (!guest) return gateway_.shared().now()->guests;
  auto one = find(*guest);
  if (!one) return std::unexpected(std::move(one.error()));
  return std::vector<State>{std::move(*one)};
}

void GatewayControl::status(admin::Done<admin::Status> done) {
  const auto now = gateway_.shared().now();
  admin::Status s = status_of(*now);
  s.version = GATEHOUSE_VERSION;
  s.pid = ::getpid();
  s.started = started_;
  s.uptime_s = static_cast<std::uint64_t>(std::max<std::int64_t>(clock_now().wall_s - started_, 0));
  s.workers = gateway_.workers().size();
  s.draining = gateway_.shared().draining;
  s.log_level = log::level_word(log::level());
  s.loaded = gateway_.last_load().loaded;
  s.totals.strangers = gateway_.shared().strangers;
  {
    const std::lock_guard lock(mutex_);
    s.last_reload = last_;
  }
  done(std::move(s));
}

void GatewayControl::guests(admin::Done<admin::Rows<admin::Guest>> done) {
  done(guest_rows(*gateway_.shared().now()));
}

void GatewayControl::sessions(const std::optional<std::string>& guest, admin::Done<admin::Rows<admin::Session>> done) {
  State only;
  if (guest) {
    auto found = find(*guest);
    if (!found) return done(std::unexpected(std::move(found.error())));
    only = std::move(*found);
  }
  struct Gathered {
    std::mutex mutex;
    admin::Rows<admin::Session> rows;
  };
  const auto all = std::make_shared<Gathered>();
  on_workers(
      gateway_,
      [all, only](worker::Worker& w) {
        admin::Rows<admin::Session> here;
        w.each([&](Session& s) {
          if (only == nullptr || &s.guest() == only.get()) here.push_back(row_of(s.facts(), s.guest().name, w.thread));
        });
        const std::lock_guard lock(all->mutex);
        std::ranges::move(here, std::back_inserter(all->rows));
      },
      [all, done = std::move(done)] {
        std::ranges::sort(all->rows, {}, &admin::Session::id);
        done(std::move(all->rows));
      });
}

void GatewayControl::contexts(const std::optional<std::string>& guest, admin::Done<admin::Rows<admin::Context>> done) {
  const auto guests = chosen(guest);
  if (!guests) return done(std::unexpected(guests.error()));
  admin::Rows<admin::Context> out;
  const gss::Clock now = clock_now();
  for (const State& g : *guests)
    for (const auto& c : g->contexts.all()) out.push_back(row_of(*c, g->name, now));
  std::ranges::sort(out, {}, [](const admin::Context& c) { return std::tie(c.guest, c.principal, c.handle); });
  done(std::move(out));
}

void GatewayControl::evict(const admin::Eviction& what, admin::Done<admin::Evicted> done) {
  State guest;
  if (what.guest) {
    auto found = find(*what.guest);
    if (!found) return done(std::unexpected(std::move(found.error())));
    guest = std::move(*found);
  }
  if (!what.principal) return evict_sessions(what, std::move(guest), std::move(done));
  admin::Evicted out;
  for (const State& g : guest != nullptr ? std::vector{guest} : gateway_.shared().now()->guests) {
    out.contexts +=
        g->contexts.retire_unless([&](const gss::Context& c) { return c.identity().principal != *what.principal; },
                                  ended_by_admin(gateway_.shared(), *g));
  }
  done(out);
}

// One session, or all of a guest and then its contexts: an accept that ends in between leaves none.
void GatewayControl::evict_sessions(const admin::Eviction& what, State guest, admin::Done<admin::Evicted> done) {
  const auto closed = std::make_shared<std::atomic<std::uint64_t>>(0);
  on_workers(
      gateway_,
      [closed, guest, id = what.session](worker::Worker& w) {
        w.each([&](Session& s) {
          if (id ? s.id() != *id : &s.guest() != guest.get()) return;
          s.close(runtime::CloseReason::evicted);
          ++*closed;
        });
      },
      [closed, guest, id = what.session, &shared = gateway_.shared(), done = std::move(done)] {
        if (id && *closed == 0)
          return done(std::unexpected(Refusal{Code::not_found, "there is no session " + std::to_string(*id)}));
        done(admin::Evicted{*closed, id ? 0 : guest->contexts.clear(ended_by_admin(shared, *guest))});
      });
}

// On the main thread, as what the acceptor does: no connection is on its way to a worker then and missed there.
void GatewayControl::drain(const std::optional<std::string>& guest, bool undo, admin::Done<admin::Drained> done) {
  gateway_.post([this, guest, undo, done = std::move(done)] {
    if (guest) return drain_guest(*guest, undo, done);
    std::uint64_t connections = 0;
    for (const auto& w : gateway_.workers()) connections += w->load();
    done(admin::Drained{connections, true});
    gateway_.drain();
  });
}

void GatewayControl::drain_guest(const std::string& name, bool undo, const admin::Done<admin::Drained>& done) {
  const auto guest = find(name);
  if (!guest) return done(std::unexpected(guest.error()));
  (*guest)->draining = !undo;
  if (undo) return done(admin::Drained{0, false});
  const auto told = std::make_shared<std::atomic<std::uint64_t>>(0);
  on_workers(
      gateway_,
      [told, state = *guest](worker::Worker& w) {
        w.each([&](Session& s) {
          if (&s.guest() != state.get()) return;
          ++*told;
          s.drain();
        });
      },
      [told, done] { done(admin::Drained{*told, true}); });
}

void GatewayControl::reload(admin::Done<admin::Reloaded> done) {
  gateway_.post([this, done = std::move(done)] {
    Reloaded r = gateway_.reload();
    if (!r.good) {
      const std::size_t n = r.problems.size();
      std::string text =
          r.error.empty() ? "the configuration has " + std::to_string(n) + (n == 1 ? " error" : " errors") : r.error;
      return done(std::unexpected(
          Refusal{Code::refused, std::move(text) + ": the one before stays in force", std::move(r.problems)}));
    }
    done(admin::Reloaded{r.snapshot, gateway_.shared().now()->guests.size(), std::move(r.added), std::move(r.removed),
                         std::move(r.replaced), std::move(r.changed), r.contexts, std::move(r.warnings)});
  });
}

void GatewayControl::log_level(const std::optional<std::string>& level, admin::Done<admin::Level> done) {
  if (level) {
    const auto wanted = log::level_of(*level);
    if (!wanted)
      return done(std::unexpected(Refusal{
          Code::bad_request, "there is no level " + log::escaped(*level) + ": write debug, info, warning or error"}));
    log::set_level(*wanted);
  }
  done(admin::Level{log::level_word(log::level())});
}

void GatewayControl::acted(const admin::Credentials& who, const admin::Request& what,
                           const std::optional<std::string>& refused) {
  gateway_.shared().audit_log.administered(act_of(what.command), {who.uid, static_cast<std::uint32_t>(who.pid)},
                                           !refused, refused ? *refused : detail_of(what));
}

std::expected<std::shared_ptr<runtime::TraceSwitch>, Refusal> GatewayControl::trace(const std::string& guest) {
  const auto found = find(guest);
  if (!found) return std::unexpected(found.error());
  const auto& tap = (*found)->trace;
  gateway_.shared().traces.make();
  ++tracing_[tap.get()];
  tap->on = true;
  return tap;
}

void GatewayControl::untrace(const std::shared_ptr<runtime::TraceSwitch>& guest) {
  if (--tracing_[guest.get()] > 0) return;
  tracing_.erase(guest.get());
  guest->on = false;
}

void GatewayControl::recorded(std::vector<runtime::TraceRecord>& out) {
  gateway_.shared().traces.take(out);
}

}  // namespace gatehouse::daemon
