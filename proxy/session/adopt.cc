// What a new configuration and the end of the process mean for a session.
#include <sys/socket.h>

#include <algorithm>

#include "proxy/session/session.h"

namespace gatehouse::session {

using runtime::CloseReason;

void Session::adopt(const runtime::Change& change) {
  if (closed_ || !keeps_guest(change)) return;
  adopt_backends(change);
  if (closed_) return;
  adopt_policy(change.next->policies[place_]);
  rpcbind_ = rpcbind_view(change.next->conf);  // the one before is of the policy before
}

// Moves to the guest's place in the next snapshot. False: the peer is not this guest any more, and the session has
// closed.
bool Session::keeps_guest(const runtime::Change& change) {
  const auto guest = change.guests[place_];
  const auto listener = change.listeners[peer_.listener];
  if (!guest) return close(CloseReason::guest_removed), false;
  if (!listener) return close(CloseReason::listener_removed), false;
  peer_.listener = *listener;
  // An entry that says more of this peer may have come.
  if (change.next->index.find(peer_) != guest) return close(CloseReason::guest_removed), false;
  const policy::Guest& next = change.next->policies[*guest]->guest;
  const policy::NfsRules& rules = policy().nfs;
  // What its servers or its client know it by is another now.
  if (next.source_address != policy().source_address || next.nfs.bind_state != rules.bind_state ||
      next.nfs.bind_owners != rules.bind_owners || next.nfs.bind_handles != rules.bind_handles)
    return close(CloseReason::reconfigured), false;
  place_ = *guest;
  return true;
}

void Session::adopt_backends(const runtime::Change& change) {
  for (const auto& link : links_) {
    if (!link->place) continue;
    link->place = change.backends[*link->place];
    if (link->place) continue;
    if (link->outstanding > 0 || link->carried_nfs4 || reply_owner_ == link.get())
      return close(CloseReason::backend_removed, link->backend->conf.name);
    drop_link(*link);
  }
}

// What was decided under another policy is decided again.
void Session::adopt_policy(std::shared_ptr<const runtime::GuestPolicy> next) {
  if (policy_ == next) return;
  policy_ = std::move(next);
  memo_.reset();
  if (gss_ != nullptr) {
    gss_->contexts.forget();
    if (gss_->admitted) gss_->admitted->stale = true;
  }
  in_.reader.set_limits(record_limits());
  for (const auto& link : links_) link->in.reader.set_limits(record_limits());
}

// Decides about the admitted call, whose policy may have changed while it waited. False: it is refused, and gave its
// unit of the in-flight budget back; the caller lets go of it.
bool Session::decide_again(const rpc::CallHeader& call) {
  GssSide::Admitted& a = *gss_->admitted;
  if (!std::exchange(a.stale, false)) return true;
  a.decision = policy::decide_gss(policy(), call, a.service, a.context->identity().ids);
  a.nfs = note_of(call);
  if (a.decision.verdict != policy::Verdict::refuse) return true;
  if (std::exchange(a.in_flight, false)) guest_->in_flight.give(1);
  reject_verified(call, a.decision, *a.context, a.seq);
  return false;
}

void Session::drain() {
  if (closed_ || draining_) return;
  draining_ = true;
  // What was read and not begun is left to the next connection.
  settle();
}

}  // namespace gatehouse::session
