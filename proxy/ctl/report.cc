#include "proxy/ctl/report.h"

#include <algorithm>
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

Json account_json(const std::optional<gss::Ids>& ids) {
  if (!ids) return nullptr;
  return {{"uid", ids->uid}, {"gid", ids->gid}, {"groups", ids->groups}};
}

std::string numbers(std::span<const std::uint32_t> list) {
  std::string out;
  for (const std::uint32_t n : list) out.append(out.empty() ? "" : ",").append(std::to_string(n));
  return '[' + out + ']';
}

// A list of groups may be 65536 long.
std::string account_text(const gss::Ids& ids) {
  constexpr std::size_t kShown = 32;
  const std::span<const std::uint32_t> groups(ids.groups);
  std::string out = "uid=" + std::to_string(ids.uid) + " gid=" + std::to_string(ids.gid) +
                    " groups=" + numbers(groups.first(std::min(groups.size(), kShown)));
  if (groups.size() > kShown) out += " and " + std::to_string(groups.size() - kShown) + " more";
  return out;
}

std::string words(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& word : list) out.append(out.empty() ? "" : ", ").append(word);
  return out;
}

std::string credential_text(const Credential& c) {
  if (c.flavor != "sys") return "AUTH_NONE";
  return "AUTH_SYS machine=" + c.machine + " uid=" + std::to_string(c.uid) + " gid=" + std::to_string(c.gid) +
         " gids=" + numbers(c.gids);
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
  if (!a.principal.empty()) {
    line("principal", a.principal);
    line("mapping", a.mapping);
    if (a.account) line("account", account_text(*a.account));
    line("ids", a.ids);
    line("principals", a.principals.empty() ? "all that map to ids" : words(a.principals));
    line("sec", words(a.sec));
  }
  if (a.credential) line("credential", credential_text(*a.credential));
  if (!a.backend.empty())
    line("backend",
         a.backend + " (" + a.backend_address + ')' + (a.source_address.empty() ? "" : " from " + a.source_address));
  line("nfs", words(a.nfs));
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
               {"sec", a.sec},
               {"principal", or_null(a.principal)},
               {"principals", a.principal.empty() ? Json() : Json(a.principals)},
               {"mapping", or_null(a.mapping)},
               {"account", account_json(a.account)},
               {"ids", or_null(a.ids)},
               {"credential", credential_json(a.credential)},
               {"backend", or_null(a.backend)},
               {"source_address", or_null(a.source_address)},
               {"nfs", a.nfs},
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
               {"principal_rules", c.principals.size()},
               {"warnings", problems_json(c.warnings)}});
}

}  // namespace gatehouse::ctl
