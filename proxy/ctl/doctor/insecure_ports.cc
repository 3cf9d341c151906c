// Whether an NFS server takes calls from ports that anybody may use. A loopback address proves nothing: any process of
// the host may bind it. The reserved port alone proves the gateway.
#include <algorithm>
#include <array>
#include <ranges>

#include "proxy/config/source_address.h"
#include "proxy/ctl/doctor/nfs_server.h"
#include "proxy/ctl/doctor/rpc_ask.h"

namespace gatehouse::doctor {
namespace {

constexpr const char* kMend =
    "exports(5): take out insecure, then exportfs -ra; nfs-ganesha: PrivilegedPort = true in each EXPORT and CLIENT";
constexpr std::size_t kMostPaths = 5;
constexpr std::size_t kMostGuests = 8;
// What is above the exports: nfs-ganesha shows it to any port, knfsd where one of the exports below it may be had so.
constexpr std::string_view kRoot = "/";

// Operations of NFSv4 (RFC 7530), and the COMPOUND that holds them.
constexpr std::uint32_t kCompound = 1;
constexpr std::uint32_t kGetattr = 9;
constexpr std::uint32_t kLookup = 15;
constexpr std::uint32_t kPutrootfh = 24;
constexpr std::uint32_t kAttributeType = 1U << 1;

// Whether a call about a path is carried out.
enum class Door : std::uint8_t { open, shut };

std::vector<std::string_view> steps_of(std::string_view path) {
  std::vector<std::string_view> out;
  for (const auto part : std::views::split(path, '/'))
    if (const std::string_view step(part.begin(), part.end()); !step.empty()) out.push_back(step);
  return out;
}

// PUTROOTFH, a LOOKUP for each step of the path, GETATTR of the type: reads nothing, changes nothing.
std::vector<std::uint8_t> compound(std::string_view path) {
  const auto steps = steps_of(path);
  std::vector<std::uint8_t> out(64 + path.size() + 12 * steps.size());
  rpc::XdrWriter w(out);
  w.text("");
  w.u32(0);  // minor version
  w.u32(static_cast<std::uint32_t>(steps.size()) + 2);
  w.u32(kPutrootfh);
  for (const std::string_view step : steps) {
    w.u32(kLookup);
    w.text(step);
  }
  for (const std::uint32_t word : {kGetattr, 1U, kAttributeType}) w.u32(word);
  out.resize(w.size());
  return out;
}

// A server that a check asks about paths from one source address, from both kinds of ports.
class Doors {
 public:
  Doors(const config::Backend& to, const policy::Guest& as, Deadline deadline)
      : to_(to), as_(as), deadline_(deadline) {}

  // What a call about `path` comes to; the fault: there was no connection, or no reply.
  std::expected<Door, Fault> knock(std::string_view path, bool reserved);

 private:
  const config::Backend& to_;
  const policy::Guest& as_;
  Deadline deadline_;
};

std::expected<Door, Fault> Doors::knock(std::string_view path, bool reserved) {
  auto talk = Conversation::open(to_, {.address = as_.source_address, .reserved = reserved}, deadline_);
  if (!talk) return std::unexpected(std::move(talk.error()));
  const auto arguments = compound(path);
  const auto reply = talk->call(
      {.program = rpc::program::kNfs, .version = 4, .procedure = kCompound, .as_nobody = true, .arguments = arguments},
      deadline_);
  // Some servers close instead of an answer; whoever is silent is neither.
  if (!reply && reply.error().kind == Fault::Kind::closed) return Door::shut;
  if (!reply) return std::unexpected(reply.error());
  return reply->success() && rpc::XdrReader(reply->body()).u32() == 0 ? Door::open : Door::shut;
}

// knfsd's own table says it outright.
void judge_table(const ExportList& list, const std::vector<const policy::Guest*>& guests, const std::string& name,
                 Findings& out) {
  Names open;
  for (const Export& e : list.exports)
    for (const Client& c : e.clients) {
      const bool ours =
          std::ranges::any_of(guests, [&](const policy::Guest* g) { return c.match(g->source_address) != Match::no; });
      if (c.insecure() && ours) open.add(e.path + " to " + c.spec());
    }
  if (open.empty())
    return out.ok(name + ", by " + list.source + ": ports below 1024 are demanded of every guest's address");
  out.problem(
      name + ", by " + list.source + ": any process of this host can be a guest, insecure is said of " + open.str(),
      kMend);
}

void judge_doors(Doors& doors, const std::vector<std::string>& paths, const std::string& name, Findings& out) {
  Names open, shut;
  bool root = false;
  for (const std::string& path : paths) {
    const auto by_reserved = doors.knock(path, true);
    if (!by_reserved) {
      const bool privilege = by_reserved.error().kind == Fault::Kind::no_privilege;
      return out.unknown(name + ": " + by_reserved.error().text,
                         privilege ? "run gatehousectl doctor as root" : "see the check \"backends\"");
    }
    if (*by_reserved == Door::shut) continue;
    const auto by_any = doors.knock(path, false);
    if (!by_any) return out.unknown(name + ": " + by_any.error().text, "see the check \"backends\"");
    if (*by_any == Door::open && path == kRoot)
      root = true;
    else
      (*by_any == Door::open ? open : shut).add(path);
  }
  if (!open.empty())
    return out.warning(
        name + ": any process of this host can be a guest, since ports above 1023 are taken for " + open.str(), kMend);
  if (!shut.empty()) return out.ok(name + " refuses calls from ports above 1023 (" + shut.str() + ')');
  if (root) return out.unknown(name + " shows its root to any port, which tells nothing of its exports", kMend);
  out.unknown(name + " shows its exports to no call of this guest", "see the check \"exports\"");
}

// A guest that the server shows exports to, and what to ask about: their paths, and the root. Of the first few guests;
// else the first of all, and the root alone.
std::pair<const policy::Guest*, std::vector<std::string>> whom_to_ask_as(
    const Exam& e, std::size_t backend, const std::vector<const policy::Guest*>& guests, Deadline deadline) {
  for (const policy::Guest* g : guests | std::views::take(kMostGuests)) {
    const auto list = exports_of(e, backend, *g, deadline);
    if (!list) break;
    std::vector<std::string> paths;
    for (const Export& x : list->exports)
      if (paths.size() < kMostPaths && admits(x, g->source_address) == Match::yes) paths.push_back(x.path);
    if (paths.empty()) continue;
    paths.emplace_back(kRoot);
    return {g, std::move(paths)};
  }
  return {guests.front(), {std::string(kRoot)}};
}

}  // namespace

void check_insecure_ports(const Exam& e, std::size_t part, Findings& out) {
  const std::size_t index = nfs_backends(*e.conf)[part];
  const config::Backend& b = e.conf->backends[index];
  const auto guests = guests_of(*e.conf, index);
  const auto* tcp = std::get_if<net::TcpAddress>(&b.address);
  if (tcp == nullptr) return out.ok(b.name + " is not reached by TCP: who may open its socket decides");
  if (guests.empty()) return out.ok("no guest may use " + b.name);
  const Deadline deadline = question_deadline();
  const auto list = exports_of(e, index, *guests.front(), deadline);
  if (list && list->knfsd) return judge_table(*list, guests, b.name, out);
  if (serves(b, rpc::program::kNfs) < 4U || !std::holds_alternative<in_addr>(tcp->host))
    return out.unknown(b.name + ": only NFSv4 over IPv4 can be asked without a mount", kMend);
  const auto [as, paths] = whom_to_ask_as(e, index, guests, deadline);
  Doors doors(b, *as, deadline);
  judge_doors(doors, paths, b.name, out);
}

}  // namespace gatehouse::doctor
