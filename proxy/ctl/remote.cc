#include "proxy/ctl/remote.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <ostream>

#include "proxy/admin/request.h"
#include "proxy/config/config.h"
#include "proxy/config/units.h"
#include "proxy/ctl/client.h"
#include "proxy/ctl/exit_status.h"
#include "proxy/ctl/tables.h"

namespace gatehouse::ctl {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::seconds kReloadPatience{600};  // it may ask a directory service

constexpr const char* kNotOurs = "what answers there is no gatehoused, or one of another version";

std::string dump(const Json& j, int indent = 2) {
  return j.dump(indent, ' ', false, Json::error_handler_t::replace) + '\n';
}

// Decimal digits alone.
std::optional<std::uint64_t> number(const std::string& text) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(out) : std::nullopt;
}

int fail(const Remote& r, const Trouble& why, std::ostream& out, std::ostream& err) {
  if (r.json) out << dump({{"error", why.text}, {"problems", Json::array()}});
  err << "gatehousectl: " << shown(why.text) << '\n';
  return why.status;
}

int status_of(const Json& code) {
  if (code == "not-permitted") return kNoPermission;
  if (code == "bad-request" || code == "too-long") return kError;
  return kRefused;
}

void print_problems(const Json& problems, const char* mark, std::ostream& err) {
  if (!problems.is_array()) return;
  for (const Json& p : problems) err << problem_text(p) << mark << '\n';
}

// The daemon says no.
int refused(const Remote& r, const Json& error, std::ostream& out, std::ostream& err) {
  const Json problems = error.value("problems", Json::array());
  const Json code = error.value("code", "");
  if (r.json) out << dump({{"error", error.value("text", "")}, {"code", code}, {"problems", problems}});
  print_problems(problems, "", err);
  err << "gatehousectl: " << shown(error.value("text", "")) << '\n';
  return status_of(code);
}

std::string text_of(const Remote& r, const std::vector<Json>& rows, const Json& done) {
  if (r.command == "status") return status_text(done);
  if (r.command == "guests") return guests_text(rows);
  if (r.command == "sessions") return sessions_text(rows);
  if (r.command == "contexts") return contexts_text(rows);
  if (r.command == "evict") return evicted_text(done);
  if (r.command == "drain") return drained_text(done, r.guest.value_or(""));
  if (r.command == "reload") return reloaded_text(done);
  return shown(done.value("level", "")) + '\n';
}

bool is_list(const Remote& r) {
  return r.command == "guests" || r.command == "sessions" || r.command == "contexts";
}

// The answer's end. What is incomplete was not printed.
int finish(const Remote& r, const std::vector<Json>& rows, const Json& done, std::ostream& out, std::ostream& err) {
  if (r.command == "trace") {
    if (const auto dropped = done.value("dropped", std::uint64_t{0}); dropped > 0)
      err << "gatehousectl: " << dropped << " calls were not shown: they came faster than they were taken\n";
    return kDone;
  }
  if (!r.json)
    out << text_of(r, rows, done);
  else
    out << dump(is_list(r) ? Json{{r.command, rows}} : done);
  print_problems(done.value("warnings", Json::array()), " (warning)", err);
  return kDone;
}

void show_call(const Remote& r, const Json& row, bool first, std::ostream& out) {
  if (r.json) {
    out << dump(row, -1);
  } else {
    out << (first ? trace_head() : "") << trace_text(row);
  }
  out.flush();
}

int converse(const Remote& r, Client& daemon, const std::string& request, std::ostream& out, std::ostream& err) {
  if (const auto sent = daemon.send(request); !sent) return fail(r, sent.error(), out, err);
  std::vector<Json> rows;
  for (bool first = true;; first = false) {
    const auto line = daemon.receive();
    if (!line) return fail(r, line.error(), out, err);
    const Json answer = Json::parse(*line, nullptr, false);
    if (!answer.is_object() || answer.size() != 1 || !answer.front().is_object())
      return fail(r, {kNoDaemon, kNotOurs}, out, err);
    const Json& what = answer.front();
    if (answer.contains("error")) return refused(r, what, out, err);
    if (answer.contains("done")) return finish(r, rows, what, out, err);
    if (r.command == "trace") {
      show_call(r, what, first, out);
    } else {
      rows.push_back(what);
    }
  }
}

// Where the daemon is asked. A configuration that this user may not read, or that has errors just now, keeps nobody
// from asking.
std::string socket_of(const Remote& r) {
  if (r.socket) return *r.socket;
  return config::admin_socket(r.config).value_or(config::Admin{}.socket);
}

}  // namespace

RequestLine request_line(const Remote& r) {
  Json j{{"command", r.command}};
  const auto text = [&](const char* key, const std::optional<std::string>& value) {
    if (value) j[key] = *value;
  };
  text("guest", r.guest);
  text("principal", r.principal);
  text("level", r.level);
  if (r.undo) j["undo"] = true;
  for (const auto& [option, key, value] :
       {std::tuple("--session", "session", &r.session), {"--count", "count", &r.count}}) {
    if (!*value) continue;
    const auto n = number(**value);
    if (!n) return {"", std::string(option) + " is \"" + **value + "\": write a decimal number"};
    j[key] = *n;
  }
  if (r.time) {
    const auto ms = config::parse_time(*r.time);
    if (!ms) return {"", "--for is \"" + *r.time + "\": write a time with its unit, for example 30s or 5min"};
    j["for_ms"] = *ms;
  }
  const std::string line = dump(j, -1);
  if (line.size() > admin::kMostLine) return {"", "what is asked for is longer than a request may be"};
  const auto good = admin::parse_request(std::string_view(line).substr(0, line.size() - 1));
  return good ? RequestLine{line, ""} : RequestLine{"", good.error().text};
}

int run(const Remote& r, std::ostream& out, std::ostream& err) {
  const RequestLine request = request_line(r);
  if (!request.wrong.empty()) return fail(r, {kError, request.wrong}, out, err);
  const std::string socket = socket_of(r);
  if (socket.empty() && !r.socket)
    return fail(r,
                {kNoDaemon, r.config + " says [admin] socket = \"\": this gatehoused cannot be asked; state a path "
                                       "there, and restart it"},
                out, err);
  const auto patience = r.command == "trace"    ? std::chrono::seconds(0)
                        : r.command == "reload" ? kReloadPatience
                                                : kPatience;
  auto daemon = Client::connect(socket, patience);
  if (!daemon) return fail(r, daemon.error(), out, err);
  try {
    return converse(r, *daemon, request.text, out, err);
  } catch (const Json::exception&) {  // a key is of another type than the protocol says
    return fail(r, {kNoDaemon, kNotOurs}, out, err);
  }
}

}  // namespace gatehouse::ctl
