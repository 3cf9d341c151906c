// Whether the configuration loads, and what is odd in it.
#include "proxy/ctl/doctor/checks.h"

namespace gatehouse::doctor {

void check_configuration(const Exam& e, std::size_t /*part*/, Findings& out) {
  for (const config::Problem& p : e.problems) out.problem(p.str(), "mend it there; gatehousectl check shows the rest");
  if (!e.conf) return;
  const config::Config& c = *e.conf;
  out.ok(e.file + ": " + counted(c.listeners.size(), "listener") + ", " + counted(c.backends.size(), "backend") + ", " +
         counted(c.guests.size(), "guest"));
  for (const config::Problem& w : c.warnings) out.warning(w.str(), "change it there, or leave it if it is meant so");
  if (c.listeners.empty() || c.guests.empty())
    out.warning("nobody can come in: there is no " + std::string(c.listeners.empty() ? "listener" : "guest"),
                "gatehouse.conf(5): a [[listener]], a [[backend]] and a [[guest]] make a first configuration");
}

}  // namespace gatehouse::doctor
