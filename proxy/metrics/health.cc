#include "proxy/metrics/health.h"

namespace gatehouse::metrics {
namespace {

void add(Verdict& v, const std::string& line) {
  v.good = false;
  v.text += line + '\n';
}

Verdict finished(Verdict v) {
  if (v.good) v.text = "ok\n";
  return v;
}

}  // namespace

std::string thread_name(std::size_t thread) {
  return thread == 0 ? "acceptor" : "worker-" + std::to_string(thread);
}

Verdict healthy(const runtime::Shared& shared, std::uint64_t now_ms) {
  Verdict v;
  for (std::size_t i = 0; i < shared.heartbeats.size(); ++i) {
    const std::uint64_t last = shared.heartbeats.last(i);
    if (last == 0)
      add(v, thread_name(i) + ": has not begun");
    else if (last + kLate < now_ms)
      add(v, thread_name(i) + ": not seen for " + std::to_string(now_ms - last) + " ms");
  }
  return finished(v);
}

Verdict ready(const runtime::Shared& shared) {
  Verdict v;
  const auto now = shared.now();
  if (shared.draining.load(std::memory_order_relaxed)) add(v, "draining: about to end");
  for (std::size_t i = 0; i < now->conf.listeners.size(); ++i)
    if (!now->listening[i].load(std::memory_order_relaxed))
      add(v, "listener " + now->conf.listeners[i].name + ": not listening");
  for (const auto& b : now->backends)
    if (b->seen() == runtime::BackendState::Seen::down) add(v, "backend " + b->conf.name + ": down");
  return finished(v);
}

}  // namespace gatehouse::metrics
