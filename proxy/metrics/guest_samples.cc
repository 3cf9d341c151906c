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

// Whether the connection was closed for what its client did, rather than by the client, the backend or us.
bool refuses(CloseReason r) {
  switch (r) {
    case CloseReason::client_closed:
    case CloseReason::client_error:
    case CloseReason::idle_timeout:
    case CloseReason::backend_closed:
    case CloseReason::backend_unreachable:
    case CloseReason::backend_malformed:
    case CloseReason::too_many_callbacks:
    case CloseReason::gss_failed:
    case CloseReason::shutdown: return false;
    default: return true;
  }
}

template <class Get>
void of_each_guest(const Sources& from, Samples& to, Get get) {
  for (const auto& g : from.shared.guests) to.add({g->policy.name}, std::uint64_t{get(*g)});
}

struct Worded {
  Count count;
  std::string_view word;
};
void add_worded(const Sources& from, Samples& to, std::initializer_list<Worded> counts) {
  for (const auto& g : from.shared.guests)
    for (const Worded& w : counts) to.seen({g->policy.name, w.word}, sum(*g, w.count));
}

}  // namespace

void add_count(const Sources& from, Samples& to, Count c) {
  of_each_guest(from, to, [c](const GuestState& g) { return sum(g, c); });
}

void calls_by(const Sources& from, Samples& to) {
  for (const auto& g : from.shared.guests) {
    for (std::size_t at = 0; at <= g->counted.size(); ++at) {
      const std::string program = at < g->counted.size() ? rpc::program_name(g->counted[at]) : "other";
      for (std::size_t f = 0; f < runtime::kCallFlavors; ++f) {
        for (std::size_t e = 0; e < runtime::kCallEnds; ++e) {
          const auto flavor = static_cast<runtime::CallFlavor>(f);
          const auto end = static_cast<runtime::CallEnd>(e);
          to.seen({g->policy.name, runtime::flavor_word(flavor), program, runtime::end_word(end)},
                  g->calls(flavor, at, end));
        }
      }
    }
  }
}

void decisions(const Sources& from, Samples& to) {
  for (const auto& g : from.shared.guests)
    each<Rule>(*g, &GuestCounters::rules,
               [&](Rule r, std::uint64_t n) { to.add({g->policy.name, policy::rule_word(r)}, n); });
}

void refusals(const Sources& from, Samples& to) {
  for (const auto& g : from.shared.guests) {
    const auto add = [&](std::string_view by, auto reason, std::string_view word, std::uint64_t n) {
      if (refuses(reason)) to.add({g->policy.name, by, word}, n);
    };
    each<Rule>(*g, &GuestCounters::rules, [&](Rule r, std::uint64_t n) { add("rule", r, policy::rule_word(r), n); });
    each<Finding>(*g, &GuestCounters::findings,
                  [&](Finding f, std::uint64_t n) { add("gss", f, gss::finding_word(f), n); });
    each<CloseReason>(*g, &GuestCounters::closes,
                      [&](CloseReason r, std::uint64_t n) { add("connection", r, runtime::close_word(r), n); });
  }
}

void closes(const Sources& from, Samples& to) {
  for (const auto& g : from.shared.guests)
    each<CloseReason>(*g, &GuestCounters::closes,
                      [&](CloseReason r, std::uint64_t n) { to.add({g->policy.name, runtime::close_word(r)}, n); });
}

void waits(const Sources& from, Samples& to) {
  add_worded(from, to,
             {{Count::waits_in_flight, "in-flight"},
              {Count::waits_init, "inits"},
              {Count::waits_answers, "answers"},
              {Count::waits_gss_bytes, "gss-bytes"}});
}

void inits(const Sources& from, Samples& to) {
  add_worded(from, to, {{Count::contexts_established, "established"}, {Count::contexts_refused, "refused"}});
}

void contexts_ended(const Sources& from, Samples& to) {
  add_worded(from, to,
             {{Count::contexts_evicted, "evicted"},
              {Count::contexts_expired, "expired"},
              {Count::contexts_destroyed, "destroyed"}});
}

void gss_headers(const Sources& from, Samples& to) {
  for (const auto& g : from.shared.guests)
    each<Finding>(*g, &GuestCounters::findings,
                  [&](Finding f, std::uint64_t n) { to.add({g->policy.name, gss::finding_word(f)}, n); });
}

void connections_open(const Sources& from, Samples& to) {
  of_each_guest(from, to, [](const GuestState& g) { return g.connections.used(); });
}
void calls_in_flight(const Sources& from, Samples& to) {
  of_each_guest(from, to, [](const GuestState& g) { return g.in_flight.used(); });
}
void buffered_bytes(const Sources& from, Samples& to) {
  of_each_guest(from, to, [](const GuestState& g) { return g.buffered.used(); });
}
void contexts(const Sources& from, Samples& to) {
  of_each_guest(from, to, [](const GuestState& g) { return g.contexts.size(); });
}
void inits_pending(const Sources& from, Samples& to) {
  of_each_guest(from, to, [](const GuestState& g) { return g.nascent.used(); });
}
void gss_request_bytes(const Sources& from, Samples& to) {
  of_each_guest(from, to, [](const GuestState& g) { return g.gss_requests.used(); });
}
void gss_reply_bytes(const Sources& from, Samples& to) {
  of_each_guest(from, to, [](const GuestState& g) { return g.gss_replies.used(); });
}

}  // namespace gatehouse::metrics
