// Whether the exports admit each guest's source address.
#include "proxy/config/source_address.h"
#include "proxy/ctl/doctor/nfs_server.h"

namespace gatehouse::doctor {
namespace {

std::string shown(const policy::Guest& g) {
  return g.name + " (" + config::format_ipv4(g.source_address) + ')';
}

Match best_of(const std::vector<Export>& exports, const policy::Guest& g) {
  Match best = Match::no;
  for (const Export& e : exports) {
    const Match m = admits(e, g.source_address);
    if (m == Match::yes) return m;
    if (m == Match::perhaps) best = m;
  }
  return best;
}

// A guest that the list shown to another does not admit asks itself: a server may show each what it may mount.
Match ask_itself(const Exam& e, std::size_t backend, const policy::Guest& g, Deadline deadline) {
  if (std::chrono::steady_clock::now() >= deadline) return Match::perhaps;
  const auto list = exports_of(e, backend, g, deadline);
  return list ? best_of(list->exports, g) : Match::perhaps;
}

}  // namespace

void check_exports(const Exam& e, std::size_t part, Findings& out) {
  const std::size_t backend = nfs_backends(*e.conf)[part];
  const std::string& name = e.conf->backends[backend].name;
  const auto guests = guests_of(*e.conf, backend);
  if (guests.empty()) return out.ok("no guest may use " + name);
  const Deadline deadline = question_deadline();
  const auto list = exports_of(e, backend, *guests.front(), deadline);
  if (!list) return out.add(list.error().result, list.error().seen, list.error().mend);
  Names in, outside, perhaps;
  for (const policy::Guest* g : guests) {
    Match m = best_of(list->exports, *g);
    if (m == Match::no && !list->knfsd && g != guests.front()) m = ask_itself(e, backend, *g, deadline);
    (m == Match::yes ? in : m == Match::no ? outside : perhaps).add(shown(*g));
  }
  const std::string by = name + ", by " + list->source + ": ";
  if (!outside.empty())
    out.problem(by + "no export admits " + outside.str(),
                "name these addresses in the exports, for example /srv/web1 127.66.0.42(rw), then exportfs -ra");
  if (!perhaps.empty())
    out.unknown(by + "names, patterns or netgroups may admit " + perhaps.str() + ", or there was no time to ask",
                "write addresses: what a 127.0.0.0/8 address is called is the server's own look-up");
  if (!in.empty()) out.ok(by + "an export admits " + in.str());
}

}  // namespace gatehouse::doctor
