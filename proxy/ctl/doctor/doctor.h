// gatehousectl doctor: what usually goes wrong, and how to mend it.
#pragma once

#include <span>
#include <string>

#include "proxy/ctl/doctor/finding.h"

namespace gatehouse::doctor {

/// Report: what the doctor prints, and its exit status: ctl::kDone when nothing is wrong (there may be warnings),
/// kRefused with at least one problem, kError when the configuration did not load.
struct Report {
  std::string text;
  int status = 0;
};

/// examine: all checks on this host with the configuration `file`, for the service's user or, when it is not empty, for
/// `user`. Takes 5 s for each sixteen backends at the most; changes nothing. For a process of one thread.
Report examine(const std::string& file, const std::string& user, bool json);

/// text: the findings for people, and their counts.
std::string text(std::span<const Finding> findings);
/// json: the findings as an array of {"check", "result", "seen", "mend"}, an interface (gatehousectl(8)).
std::string json(std::span<const Finding> findings);

/// check_list: the ids with what they look at, a line each, for the help.
std::string check_list();

}  // namespace gatehouse::doctor
