// The table of checks: what the doctor does, its help, its manual and docs/operations.md are made from or tested
// against it.
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/config/config.h"
#include "proxy/ctl/doctor/account.h"
#include "proxy/ctl/doctor/finding.h"
#include "proxy/ctl/doctor/host.h"
#include "proxy/ctl/doctor/unit.h"

namespace gatehouse::doctor {

/// Exam: what the checks look at. Read-only for all of them.
struct Exam {
  Host host;
  std::string file;                       ///< the configuration, as it was named
  std::optional<config::Config> conf;     ///< nothing: it did not load, see `problems`
  std::vector<config::Problem> problems;  ///< why not
  Unit unit;
  std::string user;  ///< who gatehoused runs as, if it was said: see service_account
};

/// service_account: who gatehoused runs as. Asks the system's accounts, which may hang: only within a check.
inline std::expected<Account, std::string> service_account(const Exam& e) {
  return find_account(e.user, e.unit);
}

/// Check: one row. `run` is called in a process of its own, which may hang, crash and change its user without harm,
/// once for each of the parts, all at the same time; it finds at least one thing each time.
struct Check {
  std::string_view id;    ///< an interface: scripts and documents name it
  std::string_view what;  ///< for the help: what it looks at
  bool needs_config = true;
  std::size_t (*parts)(const config::Config&) = nullptr;  ///< null: one. May be 0: then there is nothing to check
  void (*run)(const Exam&, std::size_t part, Findings&) = nullptr;
  Result silent = Result::unknown;  ///< what it means when it does not end in time
  std::string_view silent_mend{};
};

/// checks: every row, in the order of the report.
std::span<const Check> checks();

/// kPatience: how long one part of a check may take.
inline constexpr std::chrono::milliseconds kPatience{5000};
/// Deadline: of a question within a check: it must be given up before kPatience is over, so that it can be said.
using Deadline = std::chrono::steady_clock::time_point;
Deadline question_deadline();

// The families, one file each.
void check_configuration(const Exam& e, std::size_t part, Findings& out);
void check_files(const Exam& e, std::size_t part, Findings& out);
void check_keytab(const Exam& e, std::size_t part, Findings& out);
void check_kdc(const Exam& e, std::size_t part, Findings& out);
void check_gssproxy(const Exam& e, std::size_t part, Findings& out);
void check_vsock(const Exam& e, std::size_t part, Findings& out);
std::size_t backend_count(const config::Config& c);
std::size_t nfs_backend_count(const config::Config& c);
void check_backend(const Exam& e, std::size_t part, Findings& out);
void check_insecure_ports(const Exam& e, std::size_t part, Findings& out);
void check_exports(const Exam& e, std::size_t part, Findings& out);
void check_reserved_ports(const Exam& e, std::size_t part, Findings& out);
void check_listeners(const Exam& e, std::size_t part, Findings& out);
void check_admin(const Exam& e, std::size_t part, Findings& out);
void check_limits(const Exam& e, std::size_t part, Findings& out);

/// may_use_kerberos: whether any guest may use a Kerberos flavor.
bool may_use_kerberos(const config::Config& c);

}  // namespace gatehouse::doctor
