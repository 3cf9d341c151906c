#include "proxy/metrics/guest_samples.h"

#include "rpc/names.h"

namespace gatehouse::metrics {
namespace {

using gss::Finding;
using policy::Rule;
using runtime::Cell;
using runtime::CloseReason;
using runtime::Count;
using runtime::GuestCounters;
using runtime::GuestState;

std::uint64_t sum(const GuestState& g, Count c) {
  return g.sum([c](const GuestCounters& n) -> const Cell& { return n.counts[static_cast<std::size_t>(c)]; });
}

// The sum of each cell of one array of counters that has met anything: visit(the enumerator, the sum).
template <typename Enum, class Array, class Visit>
void each(const GuestState& g, Array GuestCounters::* array, Visit visit) {
  for (std::size_t i = 0; i < std::tuple_size_v<Array>; ++i) {
    const std::uint64_t n = g.sum([&](const GuestCounters& c) -> const Cell& { return (c.*array)[i]; });
    if (n > 0) visit(static_cast<Enum>(i), n);
  }
}

// Rules under which a call is refused, whatever it is. Rule::rpcbind answers and refuses.
bool refuses(Rule r) {
  return r >= Rule::bad_credential && r <= Rule::rpcbind_builtin;
}

bool refuses(Finding f) {
  return gss::closes(f) || gss::answered_by(f) != rpc::AuthStat::ok;
}

template <class Get>
void of_each_guest(const Moment& from, Samples& to, Get get) {
  for (const auto& g : from.now->guests) to.add({g->name}, std::uint64_t{get(*g)});
}

struct Worded {
  Count count;
  std::string_view word;
};
void add_worded(const Moment& from, Samples& to, std::initializer_list<Worded> counts) {
  for (const auto& g : from.now->guests)
    for (const Worded& w : counts) to.seen({g->name, w.word}, sum(*g, w.count));
}

}  // namespace

void add_count(const Moment& from, Samples& to, Count c) {
  of_each_guest(from, to, [c](const GuestState& g) { return sum(g, c); });
}

void calls_by(const Moment& from, Samples& to) {
  for (const auto& g : from.now->guests) {
    const std::size_t told_apart = g->counted.size();
    for (std::size_t i = 0; i <= told_apart; ++i) {
      const std::string program = i < told_apart ? rpc::program_name(g->counted.at(i)) : "other";
      const std::size_t at = i < told_apart ? i : runtime::CountedPrograms::kOthers;
      for (std::size_t f = 0; f < runtime::kCallFlavors; ++f) {
        for (std::size_t e = 0; e < runtime::kCallEnds; ++e) {
          const auto flavor = static_cast<runtime::CallFlavor>(f);
          const auto end = static_cast<runtime::CallEnd>(e);
          to.seen({g->name, runtime::flavor_word(flavor), program, runtime::end_word(end)}, g->calls(flavor, at, end));
        }
      }
    }
  }
}

void decisions(const Moment& from, Samples& to) {
  for (const auto& g : from.now->guests)
    each<Rule>(*g, &GuestCounters::rules, [&](Rule r, std::uint64_t n) { to.add({g->name, policy::rule_word(r)}, n); });
}

void refusals(const Moment& from, Samples& to) {
  for (const auto& g : from.now->guests) {
    const auto add = [&](std::string_view by, auto reason, std::string_view word, std::uint64_t n) {
      if (refuses(reason)) to.add({g->name, by, word}, n);
    };
    each<Rule>(*g, &GuestCounters::rules, [&](Rule r, std::uint64_t n) { add("rule", r, policy::rule_word(r), n); });
    each<Finding>(*g, &GuestCounters::findings,
                  [&](Finding f, std::uint64_t n) { add("gss", f, gss::finding_word(f), n); });
    each<CloseReason>(*g, &GuestCounters::closes,
                      [&](CloseReason r, std::uint64_t n) { add("connection", r, runtime::close_word(r), n); });
  }
}

void closes(const Moment& from, Samples& to) {
  for (const auto& g : from.now->guests)
    each<CloseReason>(*g, &GuestCounters::closes,
                      [&](CloseReason r, std::uint64_t n) { to.add({g->name, runtime::close_word(r)}, n); });
}

void waits(const Moment& from, Samples& to) {
  add_worded(from, to,
             {{Count::waits_in_flight, "in-flight"},
              {Count::waits_init, "inits"},
              {Count::waits_answers, "answers"},
              {Count::waits_gss_bytes, "gss-bytes"}});
}

void inits(const Moment& from, Samples& to) {
  add_worded(from, to, {{Count::contexts_established, "established"}, {Count::contexts_refused, "refused"}});
}

void contexts_ended(const Moment& from, Samples& to) {
  add_worded(from, to,
             {{Count::contexts_evicted, "evicted"},
              {Count::contexts_expired, "expired"},
              {Count::contexts_destroyed, "destroyed"}});
}

void gss_headers(const Moment& from, Samples& to) {
  for (const auto& g : from.now->guests)
    each<Finding>(*g, &GuestCounters::findings,
                  [&](Finding f, std::uint64_t n) { to.add({g->name, gss::finding_word(f)}, n); });
}

void connections_open(const Moment& from, Samples& to) {
  of_each_guest(from, to, [](const GuestState& g) { return g.connections.used(); });
}
void calls_in_flight(const Moment& from, Samples& to) {
  of_each_guest(from, to, [](const GuestState& g) { return g.in_flight.used(); });
}
void buffered_bytes(const Moment& from, Samples& to) {
  of_each_guest(from, to, [](const GuestState& g) { return g.buffered.used(); });
}
void contexts(const Moment& from, Samples& to) {
  of_each_guest(from, to, [](const GuestState& g) { return g.contexts.size(); });
}
void inits_pending(const Moment& from, Samples& to) {
  of_each_guest(from, to, [](const GuestState& g) { return g.nascent.used(); });
}
void gss_request_bytes(const Moment& from, Samples& to) {
  of_each_guest(from, to, [](const GuestState& g) { return g.gss_requests.used(); });
}
void gss_reply_bytes(const Moment& from, Samples& to) {
  of_each_guest(from, to, [](const GuestState& g) { return g.gss_replies.used(); });
}

}  // namespace gatehouse::metrics
