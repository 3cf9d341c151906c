#include "proxy/daemon/contexts.h"

#include "proxy/daemon/clock.h"
#include "proxy/handover/handover.h"
#include "proxy/log/log.h"

namespace gatehouse::daemon {
namespace {

std::vector<handover::Owner> owners(const runtime::Snapshot& snapshot) {
  std::vector<handover::Owner> out;
  out.reserve(snapshot.guests.size());
  for (std::size_t i = 0; i < snapshot.guests.size(); ++i)
    out.push_back({snapshot.conf.guests[i], snapshot.guests[i]->contexts});
  return out;
}

}  // namespace

void restore_contexts(std::vector<net::PassedSocket>& passed, const runtime::Snapshot& snapshot, std::size_t threads) {
  handover::log(handover::restore(passed, owners(snapshot), snapshot.conf, clock_now(), threads));
  for (const std::string& name : net::close_strangers(passed))
    log::Line(log::Level::warning, "descriptor-unknown")
        .add("name", name)
        .add("hint", "the service manager passed a descriptor that is no socket: it was closed")
        .write();
}

void save_contexts(const runtime::Snapshot& snapshot) {
  handover::log(handover::save(owners(snapshot), snapshot.conf, clock_now()));
}

}  // namespace gatehouse::daemon
