#include "proxy/ctl/doctor/checks.h"

#include <algorithm>

namespace gatehouse::doctor {
namespace {

constexpr bool kAlways = false;
constexpr bool kOfConfig = true;

constexpr Check kChecks[] = {
    {"configuration", "the configuration loads", kAlways, nullptr, check_configuration, Result::unknown,
     "is the configuration on a file system that does not answer?"},
    {"files", "configuration, secret, keytab, replay cache and socket directories: owner, mode, the service's rights",
     kOfConfig, nullptr, check_files, Result::problem,
     "a file system with one of these files does not answer: gatehoused would hang, too"},
    {"keytab", "the keytab parses and has keys for the service", kOfConfig, nullptr, check_keytab, Result::problem,
     "the file system with the keytab does not answer: gatehoused would hang, too"},
    {"kdc", "the clock against the KDC's, and the keytab's keys against the KDC's", kOfConfig, nullptr, check_kdc,
     Result::warning,
     "the KDC does not answer: see [realms] in krb5.conf and the firewall; the gateway itself asks no KDC, its guests "
     "must"},
    {"gssproxy", "gssproxy answers, and has keys for this gateway", kOfConfig, nullptr, check_gssproxy, Result::problem,
     "gssproxy does not answer: systemctl restart gssproxy, and see its log"},
    {"vsock", "the kernel has what vsock listeners and backends need", kOfConfig, nullptr, check_vsock, Result::unknown,
     "the kernel does not answer: see dmesg"},
    {"backends", "each backend answers NULL of what it is said to serve", kOfConfig, backend_count, check_backend,
     Result::problem, "the backend does not answer in time: see its log"},
    {"insecure-ports", "NFS servers refuse calls from ports that anybody may use", kOfConfig, nfs_backend_count,
     check_insecure_ports, Result::unknown, "the server does not answer in time: see the check \"backends\""},
    {"exports", "the exports admit each guest's source address", kOfConfig, nfs_backend_count, check_exports,
     Result::unknown, "the MOUNT service does not answer in time: see the check \"backends\""},
    {"reserved-ports", "ports below 1024 are reserved, and some are free", kAlways, nullptr, check_reserved_ports,
     Result::unknown, "/proc does not answer"},
    {"listeners", "each listener can be opened, or is served already", kOfConfig, nullptr, check_listeners,
     Result::unknown, "/proc or a directory of a socket does not answer"},
    {"admin", "the daemon answers on its admin socket", kOfConfig, nullptr, check_admin, Result::problem,
     "gatehoused takes no connections on its admin socket: see its log, restart it"},
    {"limits", "descriptors and memory are enough for what the guests' limits permit", kOfConfig, nullptr, check_limits,
     Result::unknown, "/proc does not answer"},
};

}  // namespace

std::span<const Check> checks() {
  return kChecks;
}

Deadline question_deadline() {
  return std::chrono::steady_clock::now() + kPatience - std::chrono::milliseconds(1000);
}

std::size_t backend_count(const config::Config& c) {
  return c.backends.size();
}

bool may_use_kerberos(const config::Config& c) {
  return std::ranges::any_of(c.guests, [](const policy::Guest& g) {
    return g.sec.has_kerberos() ||
           std::ranges::any_of(g.sec_by_program, [](const auto& p) { return p.second.has_kerberos(); });
  });
}

}  // namespace gatehouse::doctor
