#include "proxy/ctl/tables.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

namespace gatehouse::ctl {
namespace {

using Json = nlohmann::ordered_json;

const Json& at(const Json& j, const char* key) {
  static const Json kNone;
  const auto found = j.is_object() ? j.find(key) : j.end();
  return j.is_object() && found != j.end() ? *found : kNone;
}

std::uint64_t number(const Json& j, const char* key) {
  const Json& v = at(j, key);
  return v.is_number_integer() && v >= 0 ? v.get<std::uint64_t>() : 0;
}

// A value as a cell: lists with commas, true and false as words, what is not there as "-".
std::string cell(const Json& v) {
  if (v.is_string()) return v.get_ref<const std::string&>().empty() ? "-" : shown(v.get_ref<const std::string&>());
  if (v.is_boolean()) return v.get<bool>() ? "yes" : "no";
  if (v.is_number_integer()) return v.dump();
  if (!v.is_array() || v.empty()) return "-";
  std::string out;
  for (const Json& each : v) out += (out.empty() ? "" : ",") + cell(each);
  return out;
}
std::string cell(const Json& row, const char* key) {
  return cell(at(row, key));
}
std::string age(const Json& row, const char* key) {
  return at(row, key).is_number_integer() ? age_text(number(row, key)) : "-";
}
std::string bytes(const Json& row, const char* key) {
  return at(row, key).is_number_integer() ? bytes_text(number(row, key)) : "-";
}

// Characters of UTF-8.
std::size_t width(std::string_view s) {
  return static_cast<std::size_t>(std::ranges::count_if(s, [](char c) { return (c & 0xc0) != 0x80; }));
}

using Row = std::vector<std::string>;

// Columns as wide as their widest cell, two spaces between; a name that begins with '>' stands at the right.
std::string table(Row names, const std::vector<Row>& rows, std::string_view indent = "") {
  std::vector<bool> right;
  for (std::string& name : names) {
    right.push_back(name.starts_with('>'));
    if (right.back()) name.erase(0, 1);
  }
  std::vector<std::size_t> widths;
  for (const std::string& name : names) widths.push_back(width(name));
  for (const Row& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  std::string out;
  const auto write = [&](const Row& row) {
    std::string line(indent);
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string pad(widths[i] - width(row[i]), ' ');
      line += (i == 0 ? "" : "  ") + (right[i] ? pad + row[i] : row[i] + pad);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  };
  write(names);
  for (const Row& row : rows) write(row);
  return out;
}

std::string problems_text(const Json& problems, std::string_view indent) {
  std::string out;
  if (problems.is_array())
    for (const Json& p : problems) out += std::string(indent) + problem_text(p) + '\n';
  return out;
}

std::string reload_text(const Json& s) {
  const Json& last = at(s, "last_reload");
  if (!last.is_object()) return "none since the start\n";
  const std::string when = clock_text(static_cast<std::int64_t>(number(last, "at")));
  if (at(last, "good") == true) return "good, " + when + '\n';
  return "REFUSED, " + when + "; the configuration before it is in force\n" + problems_text(at(last, "problems"), "  ");
}

std::string named(const char* what, const Json& names) {
  return names.is_array() && !names.empty() ? std::string("; ") + what + ": " + cell(names) : "";
}

std::string plural(std::uint64_t n, const char* what) {
  return std::to_string(n) + ' ' + what + (n == 1 ? "" : "s");
}

// Columns of a trace, whose lines are printed as they come.
constexpr std::array<int, 10> kTrace = {-15, -10, -24, -5, -10, -14, 7, 7, 9, 0};

std::string trace_line(const std::array<std::string, kTrace.size()>& cells) {
  std::string out;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto wanted = static_cast<std::size_t>(std::abs(kTrace[i]));
    const std::string pad(wanted - std::min(wanted, width(cells[i])), ' ');
    out += (i == 0 ? "" : " ") + (kTrace[i] > 0 ? pad + cells[i] : cells[i] + pad);
  }
  return out + '\n';
}

}  // namespace

std::string shown(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are control characters, too: 0xc2 and one of these.
    const bool high = c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (c >= 0x20 && c != 0x7f && !high) {
      out += text[i];
    } else {
      out.append({'\\', 'x', kHex[c >> 4], kHex[c & 15]});
      if (!high) continue;
      const auto next = static_cast<unsigned char>(text[++i]);
      out.append({'\\', 'x', kHex[next >> 4], kHex[next & 15]});
    }
  }
  return out;
}

std::string bytes_text(std::uint64_t n) {
  constexpr std::string_view kUnits = "KMGTPE";
  if (n < 1024) return std::to_string(n);
  std::size_t unit = 0;
  double value = static_cast<double>(n) / 1024;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.1f%c", value, kUnits[unit]);
  return text.data();
}

std::string age_text(std::uint64_t milliseconds) {
  const std::uint64_t s = milliseconds / 1000, minutes = s / 60, hours = minutes / 60, days = hours / 24;
  const auto two = [](std::uint64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  if (minutes == 0) return std::to_string(s) + 's';
  if (hours == 0) return std::to_string(minutes) + 'm' + two(s % 60) + 's';
  if (days == 0) return std::to_string(hours) + 'h' + two(minutes % 60) + 'm';
  return std::to_string(days) + 'd' + two(hours % 24) + 'h';
}

std::string clock_text(std::int64_t seconds) {
  const auto t = static_cast<std::time_t>(seconds);
  std::tm utc{};
  std::array<char, 32> text{};
  if (::gmtime_r(&t, &utc) == nullptr) return "-";
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text.data();
}

std::string status_text(const Json& s) {
  const Json &totals = at(s, "totals"), &snapshot = at(s, "snapshot"), &can = at(s, "capabilities");
  std::string out = "gatehoused " + cell(s, "version") + ", pid " + cell(s, "pid") + ", up " +
                    age_text(number(s, "uptime_seconds") * 1000) + ", " + plural(number(s, "workers"), "worker") +
                    (at(s, "draining") == true ? ", DRAINING" : "") + '\n';
  out += "configuration  " + cell(snapshot, "number") + ", in force since " +
         clock_text(static_cast<std::int64_t>(number(snapshot, "loaded"))) + '\n';
  out += "last reload    " + reload_text(s);
  out += "log level      " + cell(s, "log_level") + '\n';
  out += "now            " + plural(number(totals, "guests"), "guest") + ", " +
         plural(number(totals, "connections"), "connection") + ", " + plural(number(totals, "in_flight"), "call") +
         " in flight, " + plural(number(totals, "contexts"), "context") + '\n';
  out += "since start    " + plural(number(totals, "calls"), "call") + ", " + cell(totals, "refused") + " refused, " +
         bytes(totals, "bytes_in") + " in, " + bytes(totals, "bytes_out") + " out, " +
         plural(number(totals, "strangers"), "stranger") + '\n';
  out += "flavors        " + cell(can, "flavors") + " (Kerberos by " + cell(can, "acceptor") + ")\n";
  out += "transports     " + cell(can, "transports") + '\n';
  std::vector<Row> listeners, backends;
  for (const Json& l : at(s, "listeners"))
    listeners.push_back({cell(l, "name"), cell(l, "address"), at(l, "listening") == true ? "listening" : "DOWN"});
  for (const Json& b : at(s, "backends")) backends.push_back({cell(b, "name"), cell(b, "address"), cell(b, "state")});
  out += '\n' + table({"LISTENER", "ADDRESS", "STATE"}, listeners);
  return out + '\n' + table({"BACKEND", "ADDRESS", "STATE"}, backends);
}

std::string guests_text(const std::vector<Json>& rows) {
  std::vector<Row> out;
  for (const Json& g : rows) {
    const std::string state =
        std::string(at(g, "draining") == true ? ",draining" : "") + (at(g, "traced") == true ? ",traced" : "");
    out.push_back({cell(g, "name"), cell(g, "identity"), cell(g, "source_address"), cell(g, "trusted") + state,
                   cell(g, "connections"), cell(g, "in_flight"), cell(g, "contexts"), cell(g, "calls"),
                   cell(g, "refused")});
  }
  return table({"GUEST", "IDENTITY", "SOURCE", "TRUSTED", ">CONNS", ">IN-FLIGHT", ">CONTEXTS", ">CALLS", ">REFUSED"},
               out);
}

std::string sessions_text(const std::vector<Json>& rows) {
  std::vector<Row> out;
  for (const Json& s : rows)
    out.push_back({cell(s, "id"), cell(s, "guest"), cell(s, "peer"), cell(s, "worker"), age(s, "age_ms"),
                   age(s, "idle_ms"), cell(s, "calls"), cell(s, "flavors"), bytes(s, "bytes_in"), bytes(s, "bytes_out"),
                   cell(s, "backends")});
  return table({">ID", "GUEST", "PEER", ">WORKER", ">AGE", ">IDLE", ">CALLS", "FLAVORS", ">IN", ">OUT", "BACKENDS"},
               out);
}

std::string contexts_text(const std::vector<Json>& rows) {
  std::vector<Row> out;
  for (const Json& c : rows)
    out.push_back({cell(c, "guest"), cell(c, "principal"), cell(c, "handle"), cell(c, "uid"), cell(c, "gid"),
                   cell(c, "groups"), age(c, "age_ms"), age(c, "idle_ms"), age(c, "expires_ms")});
  return table({"GUEST", "PRINCIPAL", "HANDLE", ">UID", ">GID", ">GROUPS", ">AGE", ">IDLE", ">EXPIRES"}, out);
}

std::string evicted_text(const Json& done) {
  return "closed " + plural(number(done, "connections"), "connection") + ", retired " +
         plural(number(done, "contexts"), "context") + '\n';
}

std::string drained_text(const Json& done, std::string_view guest) {
  const std::string finish = plural(number(done, "connections"), "connection") + " to finish";
  if (guest.empty()) return "gatehoused ends: " + finish + '\n';
  if (at(done, "draining") == false) return shown(guest) + " may connect again\n";
  return shown(guest) + ": " + finish + "; new ones are refused until gatehousectl drain --guest " + shown(guest) +
         " --undo\n";
}

std::string reloaded_text(const Json& done) {
  return "configuration " + cell(done, "snapshot") + " is in force: " + plural(number(done, "guests"), "guest") +
         named("added", at(done, "added")) + named("removed", at(done, "removed")) +
         named("begun anew", at(done, "replaced")) + named("changed", at(done, "changed")) + '\n';
}

std::string problem_text(const Json& p) {
  const bool placed = number(p, "line") > 0;
  const std::string where = at(p, "file") == "" ? "" : cell(p, "file") + ": ";
  if (!placed) return where + cell(p, "text");
  return cell(p, "file") + ':' + cell(p, "line") + ':' + cell(p, "column") + ": " + cell(p, "text");
}

std::string trace_head() {
  return trace_line({"TIME", "GUEST", "WHO", "SEC", "PROGRAM", "PROCEDURE", "IN", "OUT", "TOOK", "DECISION"});
}

std::string trace_text(const Json& row) {
  if (at(row, "dropped").is_number()) return "... " + plural(number(row, "dropped"), "call") + " not shown\n";
  const std::string time = cell(row, "time");  // 2026-11-21T20:10:25.123456Z
  std::string who = cell(row, "principal");
  if (at(row, "uid").is_number()) who = (who == "-" ? "" : who + ' ') + "uid=" + cell(row, "uid");
  std::array<char, 32> took{};
  if (at(row, "latency_us").is_number())
    std::snprintf(took.data(), took.size(), "%.3fms", static_cast<double>(number(row, "latency_us")) / 1000);
  return trace_line({time.size() == 27 ? time.substr(11, 15) : time, cell(row, "guest"), who, cell(row, "flavor"),
                     cell(row, "program") + ':' + cell(row, "version"), cell(row, "procedure"),
                     bytes(row, "request_bytes"), bytes(row, "reply_bytes"), took[0] == 0 ? "-" : took.data(),
                     cell(row, "decision") + " (" + cell(row, "rule") + ')'});
}

}  // namespace gatehouse::ctl
