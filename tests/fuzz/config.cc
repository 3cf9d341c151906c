// The configuration: any text gives either a configuration, which printed gives itself, or problems that point into the
// text; never both, and nothing is thrown.
#include "proxy/config/config.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "tests/fuzz/target.h"

namespace {

using namespace gatehouse;
using fuzz::expect;

constexpr const char* kName = "fuzz.conf";

// One line a problem, and a place that an editor can go to. The place may be just behind the text's end.
void check_problem(const config::Problem& p, std::string_view text) {
  const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
  expect(p.file == kName, "a problem names its file");
  expect(!p.text.empty(), "a problem says what it is");
  expect(p.line <= lines + 1, "a problem lies in the text");
  expect((p.line == 0) == (p.column == 0), "a problem has a line and a column, or neither");
  expect(p.column <= text.size() + 1, "a column lies in its line");
  expect(std::ranges::none_of(p.str(), [](char c) { return c == '\n' || c == '\r' || c == '\x1b'; }),
         "a problem is one line without control characters");
}

bool same(const policy::Limits& a, const policy::Limits& b) {
  return a.connections == b.connections && a.in_flight == b.in_flight && a.record_bytes == b.record_bytes &&
         a.fragments == b.fragments && a.buffered_bytes == b.buffered_bytes && a.log_lines == b.log_lines &&
         a.audit_lines == b.audit_lines && a.contexts == b.contexts && a.nascent_contexts == b.nascent_contexts &&
         a.inits_per_second == b.inits_per_second && a.gss_request_bytes == b.gss_request_bytes &&
         a.gss_reply_bytes == b.gss_reply_bytes;
}

bool same(const config::Kerberos& a, const config::Kerberos& b) {
  return a.acceptor == b.acceptor && a.keytab == b.keytab && a.gssproxy_socket == b.gssproxy_socket &&
         a.service == b.service && a.replay_cache == b.replay_cache && a.accept_timeout == b.accept_timeout &&
         a.context_lifetime == b.context_lifetime && a.id_cache == b.id_cache && a.sequence_window == b.sequence_window;
}

bool same(const gss::PrincipalRule& a, const gss::PrincipalRule& b) {
  if (a.match != b.match || a.map.index() != b.map.index()) return false;
  if (const auto* account = std::get_if<std::string>(&a.map)) return *account == std::get<std::string>(b.map);
  if (const auto* ids = std::get_if<gss::Ids>(&a.map)) return *ids == std::get<gss::Ids>(b.map);
  return true;
}

bool same(const authunix::Rules& a, const authunix::Rules& b) {
  return a.squash == b.squash && a.anonuid == b.anonuid && a.anongid == b.anongid && a.secure == b.secure &&
         a.insecure_action == b.insecure_action && a.groups == b.groups && a.uid_map.ranges() == b.uid_map.ranges() &&
         a.gid_map.ranges() == b.gid_map.ranges();
}

bool same(const policy::ProgramGrant& a, const policy::ProgramGrant& b) {
  return a.program == b.program && a.low == b.low && a.high == b.high && a.backend == b.backend &&
         a.procedures == b.procedures;
}

bool same(const policy::Guest& a, const policy::Guest& b) {
  return a.name == b.name && a.uuid == b.uuid && a.identity == b.identity && a.trusted == b.trusted &&
         same(a.ids, b.ids) && a.sec == b.sec && std::ranges::is_permutation(a.sec_by_program, b.sec_by_program) &&
         a.principals == b.principals &&
         std::ranges::is_permutation(a.programs, b.programs, [](const auto& x, const auto& y) { return same(x, y); }) &&
         a.source_address == b.source_address && same(a.limits, b.limits);
}

bool same(const config::Listener& a, const config::Listener& b) {
  return a.name == b.name && net::format(a.address) == net::format(b.address) && a.mode == b.mode && a.group == b.group;
}

bool same(const config::Backend& a, const config::Backend& b) {
  return a.name == b.name && net::format(a.address) == net::format(b.address) &&
         std::ranges::equal(a.programs, b.programs, [](const auto& x, const auto& y) { return same(x, y); }) &&
         a.connect_timeout == b.connect_timeout && a.proxy_protocol == b.proxy_protocol;
}

bool same(const config::Config& a, const config::Config& b) {
  const auto equal = [](const auto& x, const auto& y) {
    return std::ranges::equal(x, y, [](const auto& m, const auto& n) { return same(m, n); });
  };
  return a.gateway.workers == b.gateway.workers && a.gateway.idle_timeout == b.gateway.idle_timeout &&
         a.gateway.record_timeout == b.gateway.record_timeout && a.trust_allowed == b.trust_allowed &&
         a.admin.socket == b.admin.socket && a.admin.http == b.admin.http && a.audit == b.audit &&
         same(a.kerberos, b.kerberos) && equal(a.principals, b.principals) && equal(a.listeners, b.listeners) &&
         equal(a.backends, b.backends) && equal(a.guests, b.guests);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto conf = config::parse(text, kName);
  if (!conf) {
    expect(!conf.error().empty(), "no configuration, no silence");
    for (const config::Problem& p : conf.error()) check_problem(p, text);
    return 0;
  }
  for (const config::Problem& p : conf->warnings) check_problem(p, text);
  const std::string printed = config::print(*conf);
  const auto again = config::parse(printed, kName);
  if (!again)
    for (const config::Problem& p : again.error()) std::fprintf(stderr, "%s\n", p.str().c_str());
  expect(again.has_value(), "a printed configuration loads");
  expect(same(*conf, *again), "and is the same configuration");
  expect(config::print(*again) == printed, "and prints as it did");
  return 0;
}
