#include "proxy/admin/answers.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "rpc/names.h"

namespace gatehouse::admin {
namespace {

using Json = nlohmann::ordered_json;

// Bytes that are no UTF-8 (of a principal, of a file's name) are replaced: a line is JSON whatever happens.
std::string line(const char* kind, Json&& j) {
  return Json{{kind, std::move(j)}}.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

Json to_json(const std::vector<config::Problem>& problems) {
  Json out = Json::array();
  for (const config::Problem& p : problems)
    out.push_back({{"file", p.file}, {"line", p.line}, {"column", p.column}, {"text", p.text}});
  return out;
}

Json or_null(const std::string& s) {
  return s.empty() ? Json() : Json(s);
}

Json to_json(const Reload& r) {
  if (r.at == 0) return nullptr;
  return {{"at", r.at}, {"good", r.good}, {"problems", to_json(r.problems)}};
}

Json to_json(const Sums& s) {
  return {{"connections", s.connections}, {"in_flight", s.in_flight}, {"contexts", s.contexts},  {"calls", s.calls},
          {"refused", s.refused},         {"bytes_in", s.bytes_in},   {"bytes_out", s.bytes_out}};
}

Json to_json(const Status& s) {
  Json listeners = Json::array(), backends = Json::array();
  for (const Listener& l : s.listeners)
    listeners.push_back({{"name", l.name}, {"address", l.address}, {"listening", l.listening}});
  for (const Backend& b : s.backends)
    backends.push_back({{"name", b.name}, {"address", b.address}, {"state", b.state}});
  Json totals = {{"guests", s.totals.guests}};
  totals.update(to_json(s.totals.sums));
  totals["strangers"] = s.totals.strangers;
  return {{"protocol", 1},
          {"version", s.version},
          {"pid", s.pid},
          {"started", s.started},
          {"uptime_seconds", s.uptime_s},
          {"workers", s.workers},
          {"draining", s.draining},
          {"log_level", s.log_level},
          {"snapshot", {{"number", s.snapshot}, {"loaded", s.loaded}}},
          {"last_reload", to_json(s.last_reload)},
          {"listeners", std::move(listeners)},
          {"backends", std::move(backends)},
          {"totals", std::move(totals)},
          {"capabilities",
           {{"flavors", s.capabilities.flavors},
            {"transports", s.capabilities.transports},
            {"acceptor", s.capabilities.acceptor}}}};
}

Json to_json(const Guest& g) {
  Json out = {
      {"name", g.name},       {"uuid", or_null(g.uuid)}, {"identity", g.identity}, {"source_address", g.source_address},
      {"trusted", g.trusted}, {"draining", g.draining},  {"traced", g.traced}};
  out.update(to_json(g.sums));
  return out;
}

Json to_json(const Session& s) {
  return {{"id", s.id},
          {"guest", s.guest},
          {"peer", s.peer},
          {"worker", s.worker},
          {"age_ms", s.age_ms},
          {"idle_ms", s.idle_ms},
          {"calls", s.calls},
          {"flavors", s.flavors},
          {"bytes_in", s.bytes_in},
          {"bytes_out", s.bytes_out},
          {"backends", s.backends}};
}

Json to_json(const Context& c) {
  return {{"guest", c.guest},
          {"principal", c.principal},
          {"handle", c.handle},
          {"uid", c.uid},
          {"gid", c.gid},
          {"groups", c.groups},
          {"age_ms", c.age_ms},
          {"idle_ms", c.idle_ms},
          {"expires_ms", c.expires_ms}};
}

Json to_json(const Evicted& e) {
  return {{"connections", e.connections}, {"contexts", e.contexts}};
}

Json to_json(const Drained& d) {
  return {{"draining", d.draining}, {"connections", d.connections}};
}

Json to_json(const Reloaded& r) {
  return {{"snapshot", r.snapshot},
          {"guests", r.guests},
          {"added", r.added},
          {"removed", r.removed},
          {"replaced", r.replaced},
          {"changed", r.changed},
          {"contexts_retired", r.contexts},
          {"warnings", to_json(r.warnings)}};
}

Json to_json(const Level& l) {
  return {{"level", l.level}};
}

Json to_json(const Refusal& r) {
  Json out{{"code", code_word(r.code)}, {"text", r.text}};
  if (!r.problems.empty()) out["problems"] = to_json(r.problems);
  return out;
}

class OneLine final : public Answer {
 public:
  explicit OneLine(std::string text) : text_(std::move(text)) {}
  bool next(std::string& out) override {
    out += text_;
    return false;
  }

 private:
  const std::string text_;
};

template <class T>
class ManyLines final : public Answer {
 public:
  explicit ManyLines(std::vector<T> rows) : rows_(std::move(rows)) {}
  bool next(std::string& out) override {
    if (at_ == rows_.size()) {
      out += line("done", {{"rows", at_}});
      return false;
    }
    out += line("row", to_json(rows_[at_++]));
    return true;
  }

 private:
  const std::vector<T> rows_;
  std::size_t at_ = 0;
};

template <class T>
std::unique_ptr<Answer> good(T&& result) {
  return std::make_unique<OneLine>(line("done", to_json(result)));
}
template <class T>
std::unique_ptr<Answer> good(std::vector<T>&& rows) {
  return std::make_unique<ManyLines<T>>(std::move(rows));
}

std::string time_of(std::uint64_t at_us) {
  const auto seconds = static_cast<std::time_t>(at_us / 1'000'000);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[48];
  const std::size_t n = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  std::string micros = std::to_string(at_us % 1'000'000);
  micros.insert(0, 6 - micros.size(), '0');
  return std::string(text, n) + '.' + micros + 'Z';
}

}  // namespace

template <class T>
std::unique_ptr<Answer> answer(std::expected<T, Refusal> result) {
  return result ? good(std::move(*result)) : refusal(std::move(result.error()));
}
template std::unique_ptr<Answer> answer(std::expected<Status, Refusal>);
template std::unique_ptr<Answer> answer(std::expected<Rows<Guest>, Refusal>);
template std::unique_ptr<Answer> answer(std::expected<Rows<Session>, Refusal>);
template std::unique_ptr<Answer> answer(std::expected<Rows<Context>, Refusal>);
template std::unique_ptr<Answer> answer(std::expected<Evicted, Refusal>);
template std::unique_ptr<Answer> answer(std::expected<Drained, Refusal>);
template std::unique_ptr<Answer> answer(std::expected<Reloaded, Refusal>);
template std::unique_ptr<Answer> answer(std::expected<Level, Refusal>);

std::string refusal_line(const Refusal& why) {
  return line("error", to_json(why));
}
std::unique_ptr<Answer> refusal(Refusal why) {
  return std::make_unique<OneLine>(refusal_line(why));
}

std::string trace_row(const runtime::TraceRecord& r, const std::string& guest) {
  Json j{{"time", time_of(r.at_us)},
         {"guest", guest},
         {"session", r.session},
         {"xid", r.xid},
         {"flavor", runtime::flavor_word(r.flavor)},
         {"principal", r.name_size == 0 ? Json() : Json(r.name_text())},
         {"uid", r.has_uid ? Json(r.uid) : Json()},
         {"program", rpc::program_name(r.program)},
         {"version", r.version},
         {"procedure", rpc::procedure_name(r.program, r.version, r.procedure)},
         {"request_bytes", r.request_bytes},
         {"reply_bytes", r.reply_bytes == 0 ? Json() : Json(r.reply_bytes)},
         {"latency_us", r.end == runtime::TraceEnd::forwarded ? Json(r.latency_ns / 1000) : Json()},
         {"decision", runtime::trace_end_word(r.end)},
         {"rule", r.rule < policy::kRuleCount ? Json(policy::rule_word(static_cast<policy::Rule>(r.rule))) : Json()}};
  return line("row", std::move(j));
}

std::string dropped_row(std::uint64_t dropped) {
  return line("row", {{"dropped", dropped}});
}

std::unique_ptr<Answer> trace_done(std::uint64_t calls, std::uint64_t dropped) {
  return std::make_unique<OneLine>(line("done", {{"calls", calls}, {"dropped", dropped}}));
}

}  // namespace gatehouse::admin
