// What gatehousectl prints: for people, and as JSON.
#pragma once

#include <span>
#include <string>

#include "proxy/ctl/explain.h"

namespace gatehouse::ctl {

/// text: an answer for people, several lines.
std::string text(const Answer& a);
/// json: an answer as one JSON object; its keys are an interface (gatehousectl(8)).
std::string json(const Answer& a);

/// json_error: {"error", "problems"}: what is printed instead when there is no answer.
std::string json_error(const std::string& error, std::span<const config::Problem> problems = {});
/// json_check: what `check` says of a good configuration.
std::string json_check(const config::Config& c);

}  // namespace gatehouse::ctl
