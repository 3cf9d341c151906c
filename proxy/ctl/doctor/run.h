// Running checks so that none of them can hang or bring down the doctor.
#pragma once

#include <chrono>
#include <span>
#include <vector>

#include "proxy/ctl/doctor/checks.h"

namespace gatehouse::doctor {

/// run_checks: runs each part of each check in a process of its own, several at a time, and returns what they found in
/// the order of the table. A part that does not end within `patience` is ended; what it had found stays, and its row
/// says what its silence means. A part that dies says so. For a process of one thread.
std::vector<Finding> run_checks(std::span<const Check> which, const Exam& exam, std::chrono::milliseconds patience);

}  // namespace gatehouse::doctor
