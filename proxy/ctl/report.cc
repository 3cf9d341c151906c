#include "proxy/ctl/report.h"

#include <nlohmann/json.hpp>

namespace gatehouse::ctl {
namespace {

using Json = nlohmann::ordered_json;

// Bytes that are no UTF-8 (of a file's name, say) are replaced: the output is JSON whatever happens.
std::string dump(const Json& j) {
  return j.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

Json or_null(const std::string& s) {
  return s.empty() ? Json() : Json(s);
}

Json credential_json(const std::optional<Credential>& c) {
  if (!c) return nullptr;
  if (c->flavor != "sys") return {{"flavor", c->flavor}};
  return {{"flavor", c->flavor}, {"machine", c->machine}, {"uid", c->uid}, {"gid", c->gid}, {"gids", c->gids}};
}

Json problems_json(std::span<const config::Problem> problems) {
  Json out = Json::array();
  for (const config::Problem& p : problems)
    out.push_back({{"file", p.file}, {"line", p.line}, {"column", p.column}, {"text", p.text}});
  return out;
}

std::string credential_text(const Credential& c) {
  if (c.flavor != "sys") return "AUTH_NONE";
  std::string gids;
  for (const std::uint32_t g : c.gids) gids.append(gids.empty() ? "" : ",").append(std::to_string(g));
  return "AUTH_SYS machine=" + c.machine + " uid=" + std::to_string(c.uid) + " gid=" + std::to_string(c.gid) +
         " gids=[" + gids + ']';
}

}  // namespace

std::string text(const Answer& a) {
  std::string out = std::string(a.allowed ? "allowed" : "refused") + ": " + a.call + '\n';
  const auto line = [&](const std::string& label, const std::string& value) {
    if (!value.empty()) out += "  " + label + std::string(12 - label.size(), ' ') + value + '\n';
  };
  line("guest", a.uuid.empty() ? a.guest : a.guest + " (" + a.uuid + ')');
  line("rule", a.rule);
  line("reason", a.reason);
  if (a.credential) line("credential", credential_text(*a.credential));
  if (!a.backend.empty())
    line("backend",
         a.backend + " (" + a.backend_address + ')' + (a.source_address.empty() ? "" : " from " + a.source_address));
  line("reply", a.reply);
  for (const std::string& w : a.warnings) line("warning", w);
  return out;
}

std::string json(const Answer& a) {
  return dump({{"decision", a.allowed ? "allowed" : "refused"},
               {"rule", a.rule},
               {"reason", a.reason},
               {"guest", or_null(a.guest)},
               {"uuid", or_null(a.uuid)},
               {"credential", credential_json(a.credential)},
               {"backend", or_null(a.backend)},
               {"source_address", or_null(a.source_address)},
               {"reply", or_null(a.reply)},
               {"warnings", a.warnings}});
}

std::string json_error(const std::string& error, std::span<const config::Problem> problems) {
  return dump({{"error", error}, {"problems", problems_json(problems)}});
}

std::string json_check(const config::Config& c) {
  return dump({{"valid", true},
               {"listeners", c.listeners.size()},
               {"backends", c.backends.size()},
               {"guests", c.guests.size()},
               {"warnings", problems_json(c.warnings)}});
}

}  // namespace gatehouse::ctl
