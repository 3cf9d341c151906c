#include "proxy/daemon/report.h"

#include "proxy/log/log.h"

namespace gatehouse::daemon {
namespace {

using runtime::Cell;
using runtime::GuestCounters;

// Adds the sums of one array of counters, named by `word`.
template <class Array, class Word>
void add_all(log::Line& line, const runtime::GuestState& g, Array GuestCounters::* array, Word word) {
  for (std::size_t i = 0; i < std::tuple_size_v<Array>; ++i) {
    const std::uint64_t n = g.sum([&](const GuestCounters& c) -> const Cell& { return (c.*array)[i]; });
    if (n > 0) line.add(word(i), n);
  }
}

}  // namespace

void report_counters(const runtime::Shared& shared) {
  for (const auto& g : shared.now()->guests) {
    log::Line line(log::Level::info, "counters");
    line.add("guest", g->name).add("in_flight", g->in_flight.used()).add("buffered_bytes", g->buffered.used());
    line.add("contexts", g->contexts.size()).add("nascent_contexts", g->nascent.used());
    line.add("gss_request_bytes", g->gss_requests.used()).add("gss_reply_bytes", g->gss_replies.used());
    add_all(line, *g, &GuestCounters::counts,
            [](std::size_t i) { return std::string(count_word(static_cast<runtime::Count>(i))); });
    add_all(line, *g, &GuestCounters::rules,
            [](std::size_t i) { return "rule-" + std::string(policy::rule_word(static_cast<policy::Rule>(i))); });
    add_all(line, *g, &GuestCounters::closes,
            [](std::size_t i) { return "closed-" + std::string(close_word(static_cast<runtime::CloseReason>(i))); });
    add_all(line, *g, &GuestCounters::findings,
            [](std::size_t i) { return "gss-" + std::string(gss::finding_word(static_cast<gss::Finding>(i))); });
    line.write();
  }
  log::Line(log::Level::info, "counters").add("no_guest", shared.strangers.load()).write();
}

}  // namespace gatehouse::daemon
