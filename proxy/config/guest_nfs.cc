// What is changed in a guest's NFS and MOUNT messages.
#include <algorithm>
#include <map>
#include <set>

#include "proxy/config/guests.h"

namespace gatehouse::config {
namespace {

constexpr std::uint32_t kNfs = 100003;
constexpr std::uint32_t kMount = 100005;
constexpr std::uint32_t kNlm = 100021;
constexpr std::uint32_t kNfsAcl = 100227;
constexpr std::size_t kMaxMountPath = 1024;  // MNTPATHLEN, RFC 1813 section 5.1.4

constexpr Word<bool> kBound[] = {{"bound", true}, {"plain", false}};
constexpr Word<bool> kPlain[] = {{"none", false}, {"plain", true}};
constexpr Word<bool> kUnknown[] = {{"refuse", false}, {"pass", true}};

// What is wrong with a path; empty: nothing. Paths are compared byte by byte with what a client asks for: each has one
// way to be written.
std::string path_fault(std::string_view path) {
  if (!path.starts_with('/')) return "is not absolute: begin it with /";
  if (path == "/") return {};
  if (path.ends_with('/')) return "ends with /: leave it out";
  if (path.size() > kMaxMountPath) return "is longer than the " + std::to_string(kMaxMountPath) + " bytes of MOUNT";
  if (path.contains('\0')) return "has a zero byte in it";
  for (std::size_t at = 1; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    if (part.empty()) return "has an empty component: write one / between two names";
    if (part == "." || part == "..") return "has the component " + quote(part) + ": write the path without it";
    at = end + 1;
  }
  return {};
}

void read_mount_paths(Context& ctx, const View& v, policy::NfsRules& out) {
  const Node::Array* list = v.texts("mount_paths");
  if (list == nullptr) return;
  for (const Node& entry : *list) {
    const std::string& path = *entry.text();
    if (const std::string fault = path_fault(path); !fault.empty())
      ctx.error(entry.place, "mount path " + quote(path) + ' ' + fault);
    else if (std::ranges::find(out.mount_paths, path) != out.mount_paths.end())
      ctx.error(entry.place, "mount_paths has " + quote(path) + " already");
    else
      out.mount_paths.push_back(path);
  }
}

bool reaches(const policy::Guest& g, std::uint32_t program, std::uint32_t version) {
  return std::ranges::any_of(g.programs, [&](const policy::ProgramGrant& p) {
    return p.program == program && p.low <= version && version <= p.high;
  });
}

// Servers: how many guests use each NFSv4 server. Two backends of one address are one server.
class Servers {
 public:
  explicit Servers(const Config& config) : config_(config) {
    for (const Backend& b : config.backends) addresses_.push_back(net::format(b.address));
    for (const policy::Guest& g : config.guests)
      for (const std::string& address : of(g)) ++guests_[address];
  }
  // The backend at whose server the guest is not alone; null: none.
  [[nodiscard]] const Backend* shared(const policy::Guest& g) const {
    for (const policy::ProgramGrant& p : g.programs)
      if (serves_v4(p) && guests_.at(addresses_[p.backend]) > 1) return &config_.backends[p.backend];
    return nullptr;
  }

 private:
  static bool serves_v4(const policy::ProgramGrant& p) { return p.program == kNfs && p.low <= 4 && 4 <= p.high; }
  [[nodiscard]] std::set<std::string> of(const policy::Guest& g) const {
    std::set<std::string> out;
    for (const policy::ProgramGrant& p : g.programs)
      if (serves_v4(p)) out.insert(addresses_[p.backend]);
    return out;
  }

  const Config& config_;
  std::vector<std::string> addresses_;  // of the backends
  std::map<std::string, std::size_t> guests_;
};

// Warnings name no guest: what [defaults] says is said once.
void warn_plain(Context& ctx, const View& v, const policy::NfsRules& nfs, const Backend& server) {
  const std::string more = ", and other guests use the NFSv4 server of backend " + quote(server.name) + " too: ";
  if (const Found f = v.find("client_owners"); f && !nfs.bind_owners)
    ctx.warn(f.node->place,
             "client_owners = \"plain\"" + more +
                 "two guests that call themselves the same, as clones do, are one client to it, and each "
                 "ends the other's open files and locks; write \"bound\", or leave it out");
  if (const Found f = v.find("state_ids"); f && !nfs.bind_state)
    ctx.warn(f.node->place, "state_ids = \"plain\"" + more +
                                "who learns or guesses a session or client id of another guest can use it and end it; "
                                "write \"bound\", or leave it out");
}

void warn_mount_paths(Context& ctx, const View& v, const policy::Guest& g) {
  const Found f = v.find("mount_paths");
  if (!f || g.nfs.mount_paths.empty()) return;
  if (reaches(g, kNfs, 4))
    ctx.warn(f.node->place,
             "mount_paths rules MOUNT, which NFSv4 does without: a guest that may use NFSv4 sees all that the server "
             "exports to it; narrow programs to nfs:3, or the server's exports");
  else if (f.origin == Origin::stated && !reaches(g, kMount, 3) && !reaches(g, kMount, 2) && !reaches(g, kMount, 1))
    ctx.warn(f.node->place, "mount_paths has no effect: guest " + quote(g.name) + " reaches no mountd");
}

// What the gateway does not look into would get around a rule.
void refuse_unread(Context& ctx, const View& v, const policy::Guest& g) {
  const auto refuse = [&](std::string_view key, std::string_view what, std::string_view instead) {
    if (const Found f = v.find(key))
      ctx.error(f.node->place, std::string(key) + " cannot be kept: guest " + quote(g.name) + " may use " +
                                   std::string(what) + ", which is not looked into; narrow its programs to " +
                                   std::string(instead));
  };
  const bool old = reaches(g, kNfs, 2) || reaches(g, kNfsAcl, 2);
  if (g.nfs.ro && old) refuse("ro", "NFS version 2", "nfs:3-4 and nfs_acl:3");
  if (g.nfs.bind_handles && old) refuse("filehandles", "NFS version 2", "nfs:3-4 and nfs_acl:3");
  const bool locks = std::ranges::any_of(g.programs, [](const auto& p) { return p.program == kNlm; });
  if (g.nfs.bind_handles && locks) refuse("filehandles", "nlockmgr", "those without it");
}

}  // namespace

void read_nfs(Context& ctx, const GuestSource& src, policy::NfsRules& out) {
  const View v = src.policy();
  out.bind_state = choose(ctx, v, "state_ids", kBound, out.bind_state);
  out.bind_owners = choose(ctx, v, "client_owners", kBound, out.bind_owners);
  out.callback_addresses = choose(ctx, v, "callback_addresses", kPlain, out.callback_addresses);
  out.bind_handles = choose(ctx, v, "filehandles", kBound, out.bind_handles);
  out.ro = v.boolean("ro").value_or(out.ro);
  out.pass_unknown = choose(ctx, v, "unknown_operations", kUnknown, out.pass_unknown);
  read_mount_paths(ctx, v, out);
}

void resolve_nfs(Context& ctx, const std::vector<GuestSource>& sources, Config& out) {
  const Servers servers(out);
  for (std::size_t i = 0; i < out.guests.size(); ++i) {
    policy::Guest& g = out.guests[i];
    const View v = sources[i].policy();
    const Backend* server = servers.shared(g);
    if (!v.find("client_owners")) g.nfs.bind_owners = server != nullptr;
    if (server != nullptr) warn_plain(ctx, v, g.nfs, *server);
    warn_mount_paths(ctx, v, g);
    refuse_unread(ctx, v, g);
  }
}

}  // namespace gatehouse::config
