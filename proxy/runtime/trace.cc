#include "proxy/runtime/trace.h"

namespace gatehouse::runtime {

std::string_view trace_end_word(TraceEnd e) {
  switch (e) {
    case TraceEnd::forwarded: return "forwarded";
    case TraceEnd::unanswered: return "unanswered";
    case TraceEnd::answered: return "answered";
    case TraceEnd::refused: return "refused";
  }
  return "?";
}

void TraceRing::take(std::vector<TraceRecord>& out) {
  const std::uint64_t end = written_.load(std::memory_order_acquire);
  std::uint64_t at = read_.load(std::memory_order_relaxed);
  for (; at != end; ++at) out.push_back(records_[at % kRecords]);
  read_.store(at, std::memory_order_release);
}

TraceRings::~TraceRings() {
  for (const auto& ring : rings_) delete ring.load(std::memory_order_relaxed);
}

void TraceRings::make() {
  for (auto& ring : rings_)
    if (ring.load(std::memory_order_relaxed) == nullptr)
      ring.store(std::make_unique<TraceRing>().release(), std::memory_order_release);
}

void TraceRings::take(std::vector<TraceRecord>& out) {
  for (const auto& ring : rings_)
    if (TraceRing* const r = ring.load(std::memory_order_relaxed)) r->take(out);
}

}  // namespace gatehouse::runtime
