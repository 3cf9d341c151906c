// What the daemon answers, for people.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::ctl {

/// shown: text for a terminal: control characters and what is no UTF-8 written as \xNN. What a peer chose, a
/// principal say, moves no cursor.
std::string shown(std::string_view text);
/// bytes_text: "0", "812", "1.5K", "3.2M", "1.0G": powers of 1024.
std::string bytes_text(std::uint64_t n);
/// age_text: "45s", "12m03s", "3h10m", "2d04h".
std::string age_text(std::uint64_t milliseconds);
/// clock_text: "2026-11-21T20:10:25Z" of seconds since 1970.
std::string clock_text(std::int64_t seconds);

/// Each of these: what an answer of the daemon (docs/operations/admin.md) reads as, with a newline at its end. A key
/// that is missing, of another version say, is shown as "-".
std::string status_text(const nlohmann::ordered_json& done);
std::string guests_text(const std::vector<nlohmann::ordered_json>& rows);
std::string sessions_text(const std::vector<nlohmann::ordered_json>& rows);
std::string contexts_text(const std::vector<nlohmann::ordered_json>& rows);
std::string evicted_text(const nlohmann::ordered_json& done);
std::string drained_text(const nlohmann::ordered_json& done, std::string_view guest);
/// problem_text: "file:line:column: text" without its newline; of a file as a whole "file: text".
std::string problem_text(const nlohmann::ordered_json& problem);
std::string reloaded_text(const nlohmann::ordered_json& done);
/// trace_head, trace_text: the line above, and one line for a call or for calls that are missing.
std::string trace_head();
std::string trace_text(const nlohmann::ordered_json& row);

}  // namespace gatehouse::ctl
