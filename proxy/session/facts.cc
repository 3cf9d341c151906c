// What administrators see of a session: its facts, and its calls as they pass.
#include "proxy/session/facts.h"

#include <ctime>

#include "proxy/session/session.h"

namespace gatehouse::session {
namespace {

using runtime::TraceEnd;
using runtime::TraceRecord;

std::uint64_t wall_us() {
  timespec t{};
  ::clock_gettime(CLOCK_REALTIME, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(t.tv_nsec) / 1000;
}

}  // namespace

Facts Session::facts() const {
  Facts out{id_,        peer_, context_.now - began_, context_.now - last_activity_, calls_.size(), flavors_, bytes_in_,
            bytes_out_, {}};
  for (const auto& link : links_)
    if (link->state == Link::State::up && link->backend != nullptr) out.backends.push_back(link->backend->conf.name);
  return out;
}

// `d` and `context` as far as they are known.
TraceRecord Session::trace_record(const rpc::CallHeader& call, const policy::Decision* d,
                                  const gss::Context* context) const {
  TraceRecord out;
  out.guest = guest_->trace.get();
  out.session = id_;
  out.at_us = wall_us();
  out.request_bytes = call_bytes_;
  out.xid = call.xid;
  out.program = call.program;
  out.version = call.version;
  out.procedure = call.procedure;
  out.flavor = runtime::flavor_of(call.cred);
  if (context != nullptr) out.set_name(context->identity().principal);
  if (d == nullptr) return out;
  out.rule = static_cast<std::uint32_t>(d->rule);
  const bool goes_on = d->verdict == policy::Verdict::forward || d->verdict == policy::Verdict::forward_state;
  out.has_uid = goes_on ? d->flavor == rpc::AuthFlavor::sys : d->claimed_uid.has_value();
  if (out.has_uid) out.uid = goes_on ? d->credential.uid : *d->claimed_uid;
  return out;
}

void Session::trace_ended(const rpc::CallHeader& call, runtime::CallEnd end, const policy::Decision* d,
                          const gss::Context* context) {
  TraceRecord r = trace_record(call, d, context);
  r.end = end == runtime::CallEnd::answered ? TraceEnd::answered : TraceEnd::refused;
  put_trace(r);
}

void Session::trace_forwarded(const rpc::CallHeader& call, const policy::Decision& d, const gss::Context* context,
                              const Link& link) {
  if (traced_ == nullptr) traced_ = std::make_unique<CallTrace>();
  if (!traced_->begin(link.number, trace_record(call, &d, context))) guest_->trace->drop();
}

void Session::trace_replied(const Link& link, std::uint32_t xid, std::uint64_t bytes, const runtime::CallTimes& times) {
  auto r = traced_->end(link.number, xid);
  if (!r) return;
  r->end = TraceEnd::forwarded;
  r->reply_bytes = bytes;
  const std::uint64_t now = context_.moment(false);
  r->latency_ns = times.held + (now - std::min(now, times.sent));
  put_trace(*r);
}

// The session ends.
void Session::trace_lost() {
  traced_->end_all([this](TraceRecord& r) {
    r.end = TraceEnd::unanswered;
    put_trace(r);
  });
}

void Session::put_trace(const TraceRecord& r) {
  if (guest_->trace->wanted()) context_.shared.traces.record(context_.thread, r, *guest_->trace);
}

}  // namespace gatehouse::session
