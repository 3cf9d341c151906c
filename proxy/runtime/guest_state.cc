#include "proxy/runtime/guest_state.h"

namespace gatehouse::runtime {

GuestState::GuestState(const policy::Guest& guest, std::size_t threads)
    : name(guest.name),
      connections(guest.limits.connections),
      in_flight(guest.limits.in_flight),
      buffered(guest.limits.buffered_bytes),
      contexts(guest.limits.contexts),
      nascent(guest.limits.nascent_contexts),
      inits(guest.limits.inits_per_second),
      gss_requests(guest.limits.gss_request_bytes),
      gss_replies(guest.limits.gss_reply_bytes),
      log(guest.limits.log_lines),
      audit_source(std::make_shared<audit::Source>(guest.name, guest.uuid, guest.limits.audit_lines)),
      counters_(std::make_unique<GuestCounters[]>(threads)),
      threads_(threads) {
  counted.add(counted_programs(guest));
}

void GuestState::apply(const policy::Guest& guest) {
  const policy::Limits& l = guest.limits;
  connections.set_limit(l.connections);
  in_flight.set_limit(l.in_flight);
  buffered.set_limit(l.buffered_bytes);
  contexts.set_cap(l.contexts);
  nascent.set_limit(l.nascent_contexts);
  inits.set_limit(l.inits_per_second);
  gss_requests.set_limit(l.gss_request_bytes);
  gss_replies.set_limit(l.gss_reply_bytes);
  log.set_limit(l.log_lines);
  audit_source->limiter.set_limit(l.audit_lines);
  counted.add(counted_programs(guest));
}

}  // namespace gatehouse::runtime
