// The metrics: their names, their documentation and what they are made of.
#include "proxy/metrics/table.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/unit/proxy/metrics/fixture.h"

using namespace gatehouse;
using namespace gatehouse::test;
using metrics::Kind;
using metrics::Metric;
using runtime::CallEnd;
using runtime::CallFlavor;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

// The lines of samples of one metric, without its name.
std::vector<std::string> samples(const metrics::Sources& from, const std::string& name) {
  std::vector<std::string> out;
  for (const std::string& line : lines_of(metrics::exposition(from)))
    if (line.starts_with(name) && std::string_view(" {").find(line[name.size()]) != std::string_view::npos)
      out.push_back(line.substr(name.size()));
  return out;
}
using Lines = std::vector<std::string>;

std::string_view kind_word(Kind k) {
  return k == Kind::counter ? "counter" : k == Kind::gauge ? "gauge" : "histogram";
}

std::string documented(const Metric& m) {
  std::string labels;
  for (const char c : m.labels) labels += c == ',' ? std::string("`, `") : std::string(1, c);
  return "| `" + std::string(m.name) + "` | " + std::string(kind_word(m.kind)) + " | " +
         (labels.empty() ? "" : "`" + labels + "` ") + "| " + std::string(m.help) + " |";
}

}  // namespace

TEST_CASE("every metric is documented, and nothing else is, with its kind, its labels and its meaning") {
  std::ifstream in(std::string(GATEHOUSE_SOURCE_DIR) + "/docs/operations/metrics.md");
  std::ostringstream text;
  text << in.rdbuf();
  const Lines lines = lines_of(text.str());
  for (const Metric& m : metrics::metrics()) {
    INFO(documented(m));
    CHECK(std::ranges::count(lines, documented(m)) == 1);
  }
  const auto rows = std::ranges::count_if(
      lines, [](const std::string& l) { return l.starts_with("| `gatehouse_") || l.starts_with("| `process_"); });
  CHECK(static_cast<std::size_t>(rows) == metrics::metrics().size());
}

TEST_CASE("names are unique and as Prometheus wants them: _total for counters, base units for the rest") {
  std::set<std::string_view> names;
  for (const Metric& m : metrics::metrics()) {
    INFO(m.name);
    CHECK(names.insert(m.name).second);
    CHECK(m.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos);
    CHECK(m.name.ends_with("_total") == (m.kind == Kind::counter));
    CHECK((m.kind != Kind::histogram || m.name.ends_with("_seconds")));
    CHECK(m.help.ends_with('.'));
    CHECK(m.labels.find(' ') == std::string_view::npos);
  }
}

TEST_CASE("every metric is exposed with its meaning and kind, even before it has a sample") {
  Running r;
  const Lines lines = lines_of(metrics::exposition(r.sources));
  for (const Metric& m : metrics::metrics()) {
    INFO(m.name);
    CHECK(std::ranges::count(lines, "# HELP " + std::string(m.name) + " " + std::string(m.help)) == 1);
    CHECK(std::ranges::count(lines, "# TYPE " + std::string(m.name) + " " + std::string(kind_word(m.kind))) == 1);
  }
}

TEST_CASE("calls are summed over threads, by guest, flavor, program and decision") {
  Running r;
  r.web1().count_call(1, CallFlavor::sys, 100003, CallEnd::forwarded);
  r.web1().count_call(2, CallFlavor::sys, 100003, CallEnd::forwarded);
  r.web1().count_call(2, CallFlavor::krb5p, 100005, CallEnd::refused);
  r.web1().count_call(1, CallFlavor::none, 100000, CallEnd::answered);
  CHECK(samples(r.sources, "gatehouse_calls_total") ==
        Lines{R"({guest="web1",flavor="sys",program="nfs",decision="forwarded"} 2)",
              R"({guest="web1",flavor="krb5p",program="mountd",decision="refused"} 1)",
              R"({guest="web1",flavor="none",program="rpcbind",decision="answered"} 1)"});
}

TEST_CASE("programs that are not granted are one, whatever a guest sends [L6]") {
  Running r;
  for (std::uint32_t i = 0; i < 1000; ++i) r.web1().count_call(1, CallFlavor::sys, 400000 + i, CallEnd::refused);
  CHECK(samples(r.sources, "gatehouse_calls_total") ==
        Lines{R"({guest="web1",flavor="sys",program="other",decision="refused"} 1000)"});
}

TEST_CASE("refusals are told by reason: rules, RPCSEC_GSS headers, and connections closed for what they sent") {
  Running r;
  runtime::GuestCounters& c = r.web1().counters(2);
  for (const auto rule : {policy::Rule::granted, policy::Rule::squash, policy::Rule::tls_probe, policy::Rule::rpcbind,
                          policy::Rule::secure, policy::Rule::bad_credential, policy::Rule::rpcbind_builtin})
    c.add(rule);
  for (const auto f :
       {gss::Finding::create, gss::Finding::data, gss::Finding::destroy, gss::Finding::bad_mic, gss::Finding::replayed})
    c.add(f);
  for (const auto why : {runtime::CloseReason::client_closed, runtime::CloseReason::backend_closed,
                         runtime::CloseReason::shutdown, runtime::CloseReason::record_too_long})
    c.add(why);
  CHECK(samples(r.sources, "gatehouse_refusals_total") ==
        Lines{R"({guest="web1",by="rule",reason="bad-credential"} 1)", R"({guest="web1",by="rule",reason="secure"} 1)",
              R"({guest="web1",by="rule",reason="rpcbind-builtin"} 1)", R"({guest="web1",by="gss",reason="bad-mic"} 1)",
              R"({guest="web1",by="gss",reason="replayed"} 1)",
              R"({guest="web1",by="connection",reason="record-too-long"} 1)"});
  CHECK(samples(r.sources, "gatehouse_decisions_total").size() == 7);
  CHECK(samples(r.sources, "gatehouse_gss_headers_total").size() == 5);
  CHECK(samples(r.sources, "gatehouse_connections_closed_total").size() == 4);
}

TEST_CASE("plain counters and what is in use are there for each guest, from the beginning") {
  Running r;
  CHECK(samples(r.sources, "gatehouse_received_bytes_total") == Lines{R"({guest="build1"} 0)", R"({guest="web1"} 0)"});
  r.web1().counters(1).add(runtime::Count::bytes_in, 5);
  r.web1().counters(2).add(runtime::Count::bytes_in, 7);
  CHECK(r.web1().in_flight.try_take(3));
  CHECK(samples(r.sources, "gatehouse_received_bytes_total") == Lines{R"({guest="build1"} 0)", R"({guest="web1"} 12)"});
  CHECK(samples(r.sources, "gatehouse_calls_in_flight") == Lines{R"({guest="build1"} 0)", R"({guest="web1"} 3)"});
}

TEST_CASE("latencies are histograms whose buckets add up, over all threads") {
  Running r;
  r.shared.now()->backends[0]->times(1).backend.observe(5'000);
  r.shared.now()->backends[0]->times(2).backend.observe(2'000'000);
  r.shared.now()->backends[0]->times(2).backend.observe(60'000'000'000);
  const Lines buckets = samples(r.sources, "gatehouse_backend_latency_seconds_bucket");
  CHECK(std::ranges::count(buckets, R"({backend="nfs",le="5e-06"} 1)") == 1);
  CHECK(std::ranges::count(buckets, R"({backend="nfs",le="0.001"} 1)") == 1);
  CHECK(std::ranges::count(buckets, R"({backend="nfs",le="0.0025"} 2)") == 1);
  CHECK(std::ranges::count(buckets, R"({backend="nfs",le="30"} 2)") == 1);
  CHECK(std::ranges::count(buckets, R"({backend="nfs",le="+Inf"} 3)") == 1);
  CHECK(samples(r.sources, "gatehouse_backend_latency_seconds_count").front() == R"({backend="nfs"} 3)");
  const std::string sum = samples(r.sources, "gatehouse_backend_latency_seconds_sum").front();
  CHECK(std::abs(std::stod(sum.substr(sum.find(' '))) - 60.002005) < 1e-9);
  CHECK(samples(r.sources, "gatehouse_gateway_latency_seconds_count").front() == R"({backend="nfs"} 0)");
}

TEST_CASE("the state of listeners, backends, threads and the configuration is exposed") {
  Running r;
  r.shared.now()->listening[1] = true;
  CHECK_FALSE(r.shared.now()->backends[0]->came_up());
  CHECK(r.shared.now()->backends[1]->went_down());
  r.load.good = false;
  r.load.loaded = 123;
  r.shared.strangers = 4;
  CHECK(samples(r.sources, "gatehouse_listener_up") == Lines{R"({listener="v"} 0)", R"({listener="u"} 1)"});
  CHECK(samples(r.sources, "gatehouse_backend_up") == Lines{R"({backend="nfs"} 1)", R"({backend="mountd"} 0)"});
  CHECK(samples(r.sources, "gatehouse_config_last_load_successful") == Lines{" 0"});
  CHECK(samples(r.sources, "gatehouse_config_last_load_success_timestamp_seconds") == Lines{" 123"});
  CHECK(samples(r.sources, "gatehouse_strangers_total") == Lines{" 4"});
  CHECK(samples(r.sources, "gatehouse_build_info") == Lines{R"({version="1.2.3"} 1)"});
  CHECK(samples(r.sources, "process_start_time_seconds") == Lines{" 1000"});
  CHECK(samples(r.sources, "gatehouse_guests") == Lines{" 2"});
  CHECK(samples(r.sources, "gatehouse_thread_idle_seconds").size() == 3);
}
