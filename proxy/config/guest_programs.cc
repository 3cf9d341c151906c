#include <algorithm>

#include "proxy/config/guests.h"
#include "proxy/policy/decide.h"
#include "rpc/constants.h"
#include "rpc/names.h"

namespace gatehouse::config {
namespace {

using policy::ProgramGrant;

// Names of procedures differ from version to version; a longer range than this is of a program that has no names here.
constexpr std::uint32_t kMostVersionsByName = 32;

const ProgramGrant* overlapping(const std::vector<ProgramGrant>& grants, const ProgramGrant& g) {
  const auto at = std::ranges::find_if(
      grants, [&](const ProgramGrant& o) { return o.program == g.program && o.low <= g.high && g.low <= o.high; });
  return at == grants.end() ? nullptr : &*at;
}

// Everything that the guest's backends serve.
std::vector<ProgramGrant> read_backends_of(Context& ctx, const View& v, const Books& books, const Config& config) {
  std::vector<ProgramGrant> served;
  std::vector<std::uint16_t> listed;
  const Node::Array* names = v.texts("backends");
  if (names == nullptr) return served;
  for (const Node& name : *names) {
    const auto index = books.backends.resolve(ctx, name);
    if (!index) continue;
    if (std::ranges::find(listed, *index) != listed.end()) {
      ctx.error(name.place, "backend " + quote(*name.text()) + " is listed twice: once is enough");
      continue;
    }
    listed.push_back(*index);
    for (const ProgramGrant& g : config.backends[*index].programs) {
      if (const ProgramGrant* other = overlapping(served, g))
        ctx.error(name.place, "backend " + quote(*name.text()) + " serves " + format_range(g.program, g.low, g.high) +
                                  ", and so does backend " + quote(config.backends[other->backend].name) +
                                  ": a guest's call must have one way to go; leave one out");
      else
        served.push_back(g);
    }
  }
  return served;
}

// One entry of `programs` while it is read.
struct Narrowing {
  Context& ctx;
  const Node& entry;
  ProgramRange range;
  std::string_view procedures;  // behind the slash; empty: all
  std::string whose;            // the guest an inherited entry falls on, for errors; empty: stated at the guest

  void error(const std::string& what) const { ctx.error(entry.place, quote(*entry.text()) + whose + ' ' + what); }

  // The numbers that the list means in `version`; empty after an error.
  [[nodiscard]] std::vector<std::uint32_t> numbers(std::uint32_t version) const {
    std::vector<std::uint32_t> out;
    for (std::size_t at = 0; at <= procedures.size();) {
      const std::size_t comma = std::min(procedures.find(',', at), procedures.size());
      const std::string_view word = procedures.substr(at, comma - at);
      const auto number = rpc::procedure_number(range.program, version, word);
      if (!number) {
        error("names no procedure of " + format_range(range.program, version, version) + ": " + quote(word) +
              " is none; write names or numbers with commas between, for example \"mountd:3/null,mnt,umnt\"");
        return {};
      }
      out.push_back(*number);
      at = comma + 1;
    }
    std::ranges::sort(out);
    const auto twice = std::ranges::unique(out);
    out.erase(twice.begin(), twice.end());
    return out;
  }

  // Grants of `part` for the listed procedures; a grant for each version, since the numbers may differ.
  void add_by_procedure(const ProgramGrant& part, std::vector<ProgramGrant>& out) const {
    if (part.high - part.low >= kMostVersionsByName) {
      error("lists procedures of more than " + std::to_string(kMostVersionsByName) + " versions: state fewer versions");
      return;
    }
    for (std::uint32_t v = part.low;; ++v) {
      ProgramGrant g{part.program, v, v, part.backend, numbers(v)};
      if (g.procedures.empty()) return;
      warn_builtin(g);
      out.push_back(std::move(g));
      if (v == part.high) return;
    }
  }

  void warn_builtin(const ProgramGrant& g) const {
    if (g.program == rpc::program::kRpcbind && std::ranges::any_of(g.procedures, policy::rpcbind_refused))
      ctx.warn(entry.place,
               quote(*entry.text()) + " lists procedures of rpcbind that a built-in rule refuses whatever is stated");
  }
};

// The parts of `served` that the range holds; an error unless all of the range is served.
std::vector<ProgramGrant> intersect(const Narrowing& n, const std::vector<ProgramGrant>& served) {
  std::vector<ProgramGrant> out;
  std::uint64_t covered = 0;
  std::string offer;
  for (const ProgramGrant& g : served) {
    if (g.program != n.range.program) continue;
    offer.append(offer.empty() ? "" : ", ").append(format_range(g.program, g.low, g.high));
    const ProgramGrant part{g.program, std::max(g.low, n.range.low), std::min(g.high, n.range.high), g.backend, {}};
    if (part.low > part.high) continue;
    covered += std::uint64_t{part.high} - part.low + 1;
    out.push_back(part);
  }
  const std::uint64_t wanted = std::uint64_t{n.range.high} - n.range.low + 1;
  if (offer.empty())
    n.error("narrows a program that none of the guest's backends serves: add the backend, or leave the entry out");
  else if (n.range.versions_stated && covered != wanted)
    n.error("narrows to versions that no backend of the guest serves; they serve " + offer);
  return out;
}

void read_narrowing(Context& ctx, const Node& entry, const std::string& whose, const std::vector<ProgramGrant>& served,
                    std::vector<ProgramGrant>& out) {
  const std::string_view text = *entry.text();
  const std::size_t slash = text.find('/');
  const auto range = parse_program_range(text.substr(0, slash));
  if (!range) {
    ctx.error(entry.place, quote(text) +
                               " is no program: write \"PROGRAM\", \"PROGRAM:LOW-HIGH\" or "
                               "\"PROGRAM:VERSION/PROCEDURE,PROCEDURE\", for example \"nfs:4\"");
    return;
  }
  const Narrowing n{ctx, entry, *range, slash == std::string_view::npos ? std::string_view() : text.substr(slash + 1),
                    whose};
  if (slash != std::string_view::npos && n.procedures.empty()) {
    n.error("lists no procedure behind the slash: write for example \"mountd:3/null,mnt,umnt\"");
    return;
  }
  for (const ProgramGrant& part : intersect(n, served)) {
    if (overlapping(out, part) != nullptr)
      n.error("overlaps an entry before it: list each version once");
    else if (n.procedures.empty())
      out.push_back(part);
    else
      n.add_by_procedure(part, out);
  }
}

}  // namespace

void read_programs(Context& ctx, const GuestSource& src, const Books& books, const Config& config, policy::Guest& out) {
  const View v = src.policy();
  const std::size_t errors_before = ctx.errors.size();
  const Node::Array* backends = v.texts("backends");
  std::vector<ProgramGrant> served = read_backends_of(ctx, v, books, config);
  if (backends != nullptr && backends->empty() && !src.is_defaults)
    ctx.warn(src.place(), "guest " + quote(out.name) + " has no backends: every call of it is refused");
  const Node::Array* programs = v.texts("programs");
  const bool broken = ctx.errors.size() != errors_before ||
                      std::ranges::any_of(config.backends, [](const Backend& b) { return b.programs.empty(); });
  // [defaults] may narrow what only the guests' own backends serve: whether it fits is seen at each guest.
  if (programs == nullptr || programs->empty() || (broken && !programs->empty())) {
    out.programs = std::move(served);
    return;
  }
  if (src.is_defaults) return;
  const bool inherited = v.find("programs").origin == Origin::inherited;
  const std::string whose = inherited ? ", inherited by guest " + quote(out.name) + "," : std::string();
  for (const Node& entry : *programs) read_narrowing(ctx, entry, whose, served, out.programs);
}

}  // namespace gatehouse::config
