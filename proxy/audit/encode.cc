#include "proxy/audit/encode.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "rpc/names.h"

namespace gatehouse::audit {
namespace {

// RFC 3339, UTC, microseconds.
std::string time_text(std::int64_t us) {
  constexpr std::int64_t kSecond = 1'000'000;
  const std::time_t seconds = us / kSecond;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 40> out{};
  const std::size_t n = std::strftime(out.data(), out.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(out.data() + n, out.size() - n, ".%06dZ", static_cast<int>(us % kSecond));
  return out.data();
}

class Fields {
 public:
  explicit Fields(Line& line) : out_(line.fields) {}

  void add(std::string_view name, std::string_view text) {
    if (!text.empty()) out_.emplace_back(name, std::string(text));
  }
  void number(std::string_view name, std::uint64_t value) { out_.emplace_back(name, value); }
  template <class T>
  void number(std::string_view name, const std::optional<T>& value) {
    if (value) number(name, std::uint64_t{*value});
  }
  void time(std::string_view name, const std::optional<std::int64_t>& us) {
    if (us) add(name, time_text(*us));
  }
  void list(std::string_view name, std::vector<std::uint32_t> values) { out_.emplace_back(name, std::move(values)); }

 private:
  decltype(Line::fields)& out_;
};

// What Event::word is called in each kind of event; empty: it means nothing there.
std::string_view word_name(Kind k) {
  switch (k) {
    case Kind::start: return "daemon_version";
    case Kind::trust: return "cause";
    case Kind::admin: return "act";
    case Kind::call_refused: return "finding";
    case Kind::context_made: return "acceptor";
    case Kind::context_ended: return "cause";
    default: return {};
  }
}

void add_peer(Fields& to, const net::Peer& peer) {
  to.add("peer", peer.str());
  to.number("cid", peer.cid);
  to.number("port", peer.port);
  to.number("peer_uid", peer.uid);
}

void add_call(Fields& to, const Call& call) {
  to.add("program", rpc::program_name(call.program));
  to.number("version", call.version);
  to.add("procedure", rpc::procedure_name(call.program, call.version, call.procedure));
  to.number("flavor", call.flavor);
}

void add_ids(Fields& to, const Ids& ids) {
  to.number("uid", ids.uid);
  to.number("gid", ids.gid);
  const std::size_t shown = std::min<std::size_t>(ids.group_count, ids.groups.size());
  to.list("gids", {ids.groups.begin(), ids.groups.begin() + static_cast<std::ptrdiff_t>(shown)});
  if (shown < ids.group_count) to.number("gids_total", ids.group_count);
}

std::string json_of(const decltype(Line::fields)& fields) {
  nlohmann::ordered_json out = nlohmann::ordered_json::object();
  for (const auto& [name, value] : fields)
    std::visit([&, key = std::string(name)](const auto& v) { out[key] = v; }, value);
  constexpr bool kAscii = true;  // so that no name plays tricks on who reads it in a terminal
  return out.dump(-1, ' ', kAscii, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

Line encode(const Event& e, const Source* guest) {
  constexpr std::int64_t kMicroseconds = 1'000'000;
  Line out;
  out.kind = e.kind;
  Fields to(out);
  to.time("time", e.time_us);
  to.add("event", kind_word(e.kind));
  if (guest != nullptr) {
    to.add("guest", guest->name);
    to.add("uuid", guest->uuid);
  }
  if (e.peer) add_peer(to, *e.peer);
  if (e.call) add_call(to, *e.call);
  if (!e.word.empty()) to.add(word_name(e.kind), e.word);
  to.add("rule", e.rule);
  to.add("reply", e.reply);
  to.number("claimed_uid", e.claimed_uid);
  to.add("principal", e.principal.view());
  if (e.ids) add_ids(to, *e.ids);
  if (e.by) {
    to.number("uid", e.by->uid);
    to.number("pid", e.by->pid);
  }
  if (e.until_s) to.time("until", *e.until_s * kMicroseconds);
  to.time("since", e.since_us);
  to.number(e.kind == Kind::start ? "guests" : "count", e.count);
  to.add("result", e.result);
  to.add(e.kind == Kind::connection_refused ? "listener" : "detail", e.detail.view());
  out.json = json_of(out.fields);
  return out;
}

}  // namespace gatehouse::audit
