// Whether the host can give what the guests' limits permit all of them at the same time.
#include <sys/resource.h>

#include <charconv>
#include <set>

#include "proxy/ctl/doctor/checks.h"

namespace gatehouse::doctor {
namespace {

constexpr std::uint64_t kOwnDescriptors = 256;  // listeners apart: logs, event loops, pipes, gssproxy, metrics

// A connection and a link to each of the guest's backends.
std::uint64_t descriptors_of(const policy::Guest& g) {
  std::set<std::uint16_t> backends;
  for (const policy::ProgramGrant& p : g.programs) backends.insert(p.backend);
  return std::uint64_t{g.limits.connections} * (1 + backends.size());
}

std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b) {
  return a + b < a ? UINT64_MAX : a + b;
}

void check_descriptors(const Exam& e, Findings& out) {
  std::uint64_t needed = kOwnDescriptors + e.conf->listeners.size();
  for (const policy::Guest& g : e.conf->guests) needed = saturating_add(needed, descriptors_of(g));
  rlimit own{};
  ::getrlimit(RLIMIT_NOFILE, &own);
  const std::uint64_t limit = e.unit.limit_nofile.value_or(own.rlim_max);
  const std::string seen = "all guests at limits.connections take " + std::to_string(needed) + " descriptors, and " +
                           (e.unit.limit_nofile ? "the unit's LimitNOFILE= is " : "this process' limit is ") +
                           std::to_string(limit);
  if (needed <= limit) return out.ok(seen);
  out.warning(seen + ": who comes last then is kept out, whoever that is",
              "systemctl edit gatehoused, LimitNOFILE=" + std::to_string(needed) + "; or lower limits.connections");
}

// MemTotal of /proc/meminfo, in bytes; 0: not there.
std::uint64_t memory_of(const Host& host) {
  constexpr std::string_view kKey = "MemTotal:";
  const std::string text = host.text("/proc/meminfo").value_or("");
  const std::size_t at = text.find(kKey);
  if (at == std::string::npos) return 0;
  const std::size_t digits = text.find_first_not_of(' ', at + kKey.size());
  std::uint64_t kib = 0;
  if (digits != std::string::npos) std::from_chars(text.data() + digits, text.data() + text.size(), kib);
  return kib * 1024;
}

void check_memory(const Exam& e, Findings& out) {
  std::uint64_t most = 0;
  for (const policy::Guest& g : e.conf->guests)
    for (const std::uint64_t bytes : {g.limits.buffered_bytes, g.limits.gss_request_bytes, g.limits.gss_reply_bytes})
      most = saturating_add(most, bytes);
  const std::uint64_t there = memory_of(e.host);
  if (there == 0) return out.unknown("/proc/meminfo does not say how much memory there is", "is /proc mounted?");
  const std::string seen = "all guests at their limits hold " + std::to_string(most >> 20) + " MiB (buffered_bytes, " +
                           "gss_request_bytes, gss_reply_bytes), and this host has " + std::to_string(there >> 20) +
                           " MiB";
  if (most <= there) return out.ok(seen);
  out.warning(seen, "lower these limits in [defaults] or at guests; MemoryMax= of the unit bounds all of it");
}

}  // namespace

void check_limits(const Exam& e, std::size_t /*part*/, Findings& out) {
  check_descriptors(e, out);
  check_memory(e, out);
}

}  // namespace gatehouse::doctor
