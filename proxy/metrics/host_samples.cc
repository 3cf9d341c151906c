#include "proxy/metrics/host_samples.h"

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

#include "proxy/log/log.h"
#include "proxy/metrics/health.h"
#include "proxy/runtime/clock.h"

namespace gatehouse::metrics {
namespace {

double seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
}

void add_latency(const Moment& from, Samples& to, runtime::Histogram runtime::BackendTimes::*which) {
  for (const auto& b : from.now->backends) {
    std::vector<const runtime::Histogram*> parts;
    for (const runtime::BackendTimes& t : b->all_times()) parts.push_back(&(t.*which));
    to.histogram({b->conf.name}, parts);
  }
}

}  // namespace

void build_info(const Moment& from, Samples& to) {
  to.add({from.version}, 1.0);
}

void start_time(const Moment& from, Samples& to) {
  to.add({}, static_cast<double>(from.started));
}

void cpu_seconds(const Moment& /*from*/, Samples& to) {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  to.add({}, seconds(used.ru_utime) + seconds(used.ru_stime));
}

void resident_memory(const Moment& /*from*/, Samples& to) {
  std::ifstream in("/proc/self/statm");
  std::uint64_t size = 0, resident = 0;
  in >> size >> resident;
  to.add({}, resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
}

void load_good(const Moment& from, Samples& to) {
  to.add({}, from.load.good ? 1.0 : 0.0);
}

void load_time(const Moment& from, Samples& to) {
  to.add({}, static_cast<double>(from.load.loaded.load()));
}

void guests(const Moment& from, Samples& to) {
  to.add({}, std::uint64_t{from.now->guests.size()});
}

void listener_up(const Moment& from, Samples& to) {
  for (std::size_t i = 0; i < from.now->conf.listeners.size(); ++i)
    to.add({from.now->conf.listeners[i].name}, from.now->listening[i] ? 1.0 : 0.0);
}

void backend_up(const Moment& from, Samples& to) {
  using Seen = runtime::BackendState::Seen;
  for (const auto& b : from.now->backends)
    if (const Seen seen = b->seen(); seen != Seen::untried) to.add({b->conf.name}, seen == Seen::up ? 1.0 : 0.0);
}

void thread_idle(const Moment& from, Samples& to) {
  const std::uint64_t now = runtime::monotonic_ms();
  for (std::size_t i = 0; i < from.shared.heartbeats.size(); ++i) {
    const std::uint64_t last = from.shared.heartbeats.last(i);
    // One that turns at this very moment may be ahead of our clock.
    to.add({thread_name(i)}, static_cast<double>(last < now ? now - last : 0) / 1e3);
  }
}

void log_dropped(const Moment& /*from*/, Samples& to) {
  to.add({}, log::dropped());
}

void strangers(const Moment& from, Samples& to) {
  to.add({}, from.shared.strangers.load());
}

void audit_events(const Moment& from, Samples& to) {
  const audit::Counts n = from.shared.audit_log.counts();
  to.add({"written"}, n.written);
  to.add({"suppressed"}, n.suppressed);
  to.add({"dropped"}, n.dropped);
  to.add({"failed"}, n.failed);
}

void audit_queue(const Moment& from, Samples& to) {
  to.add({}, std::uint64_t{from.shared.audit_log.queued()});
}

void audit_working(const Moment& from, Samples& to) {
  to.add({}, from.shared.audit_log.working() ? 1.0 : 0.0);
}

void accept_queue(const Moment& from, Samples& to) {
  to.add({}, std::uint64_t{from.now->tokens != nullptr ? from.now->tokens->waiting() : 0});
}

void gateway_latency(const Moment& from, Samples& to) {
  add_latency(from, to, &runtime::BackendTimes::gateway);
}
void backend_latency(const Moment& from, Samples& to) {
  add_latency(from, to, &runtime::BackendTimes::backend);
}

}  // namespace gatehouse::metrics
