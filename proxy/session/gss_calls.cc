// Calls with RPCSEC_GSS credentials: header, policy, body.
#include <cstring>

#include "proxy/audit/events.h"
#include "proxy/log/log.h"
#include "proxy/session/session.h"
#include "rpc/names.h"

namespace gatehouse::session {
namespace {

using gss::Finding;
using rpc::RecordReader;
using runtime::CallEnd;
using runtime::CloseReason;
using runtime::Count;

// Mark, header and credential for the backend, at their largest.
constexpr std::size_t kHeadRoom = 4 + rpc::kCallFixed + kMaxAuth;

// Where a record lies, to be opened in place: every place that records are read to is the session's or its worker's
// own.
std::span<std::uint8_t> in_place(rpc::Bytes record) {
  return {const_cast<std::uint8_t*>(record.data()), record.size()};
}

rpc::OpaqueAuth as_auth(const gss::Verifier& v) {
  return {static_cast<std::uint32_t>(rpc::AuthFlavor::rpcsec_gss), v.view()};
}

}  // namespace

Session::Step Session::client_gss(const rpc::CallHeader& call, const RecordReader::Item& item, rpc::Bytes& in) {
  if (!policy().sec_for(call.program).has_kerberos())
    return refuse(call, policy::decide(policy(), call, peer_.port), item, in);
  if (gss_ == nullptr) gss_ = std::make_unique<GssSide>(guest_->contexts);
  if (gss_->admitted) return data_call(call, item, in);
  gss::Received r = gss::receive(call, item.bytes, gss_->contexts, context_.clock(), context_.thread);
  if (retried_ == Wait::nothing) counters().add(r.finding);
  if (gss::closes(r.finding)) {
    log_finding(call, gss::finding_word(r.finding), "none: the connection is closed");
    close(r.finding == Finding::failed ? CloseReason::gss_failed : CloseReason::gss_sequence);
    return Step::done;
  }
  switch (r.finding) {
    case Finding::create: return create_context(call, item, in);
    case Finding::create_failed:
      fail_init(call.xid, gss::kGssNoContext, 0, "continue-init");
      return skip_call(item, in);
    case Finding::data: return admit(call, std::move(r), item, in);
    case Finding::destroy: return destroy_context(call, r, item, in);
    default: break;
  }
  const rpc::Rejection why = rpc::Rejection::auth(gss::answered_by(r.finding));
  // A ticket that ended is everyday: the client makes a new context. It is counted. A handle that is not this guest's
  // may be another's, or of before a restart.
  if (r.finding != Finding::expired) log_finding(call, gss::finding_word(r.finding), rpc::rejection_name(why));
  count_call(call, CallEnd::refused);
  counters().add(Count::rejections);
  rpc::RejectionBytes out;
  answer(rpc::write_rejection(call.xid, why, out));
  return skip_call(item, in);
}

// Whatever is left of the record is read and dropped.
Session::Step Session::skip_call(const RecordReader::Item& item, rpc::Bytes& in) {
  in_.reader.take(in, item.bytes.size());
  return Step::done;
}

// The header is verified: what may its principal do?
//= rfc2203#5.2.1
//# the server enforces mechanism and service on every request
Session::Step Session::admit(const rpc::CallHeader& call, gss::Received&& r, const RecordReader::Item& item,
                             rpc::Bytes& in) {
  const auto service = static_cast<rpc::GssService>(r.cred.service);
  GssMemo* const memo = gss_->contexts.memo(*r.context);
  if (memo != nullptr && memo->matches(call, service)) {
    gss_->admitted.emplace(std::move(r.context), r.cred.seq, service, memo->forwarding().decision(), memo->note());
    return data_call(call, item, in);
  }
  const policy::Decision d = policy::decide_gss(policy(), call, service, r.context->identity().ids);
  if (d.verdict == policy::Verdict::refuse) {
    reject_verified(call, d, *r.context, r.cred.seq);
    return skip_call(item, in);
  }
  const NfsNote note = note_of(call);
  if (memo != nullptr) memo->store(call, service, d, guest_->name, note);
  gss_->admitted.emplace(std::move(r.context), r.cred.seq, service, d, note);
  return data_call(call, item, in);
}

// The credential and verifier for the backend: as they were encoded for such a call, or else encoded in `scratch`.
rpc::Bytes Session::auth_of(const rpc::CallHeader& call, const GssSide::Admitted& a,
                            std::span<std::uint8_t, kMaxAuth> scratch) {
  GssMemo* const memo = gss_->contexts.memo(*a.context);
  if (memo != nullptr && memo->matches(call, a.service)) return memo->forwarding().auth();
  rpc::XdrWriter w(scratch);
  write_credential(w, a.decision, guest_->name);
  return w.written();
}

Session::Step Session::data_call(const rpc::CallHeader& call, const RecordReader::Item& item, rpc::Bytes& in) {
  if (!decide_again(call)) {
    gss_->admitted.reset();
    return skip_call(item, in);
  }
  GssSide::Admitted& a = *gss_->admitted;
  a.in_flight = a.in_flight || take_unit(guest_->in_flight, Wait::in_flight, Count::waits_in_flight);
  if (!a.in_flight) return Step::wait;
  if (a.service == rpc::GssService::none) {
    const NfsOutcome nfs = rewrite_call(a.nfs, item.bytes.subspan(call.size), item.length - call.size);
    if (nfs == NfsOutcome::gather) {
      in_.reader.gather();
      return Step::done;
    }
    std::array<std::uint8_t, kMaxAuth> scratch;
    const rpc::Bytes auth = auth_of(call, a, scratch);
    a.in_flight = false;  // the unit is the forwarded call's now
    forward_call(call, a.decision, auth, {std::move(a.context), a.seq, a.service}, nfs, item, in);
    if (!closed_) gss_->admitted.reset();
    return Step::done;
  }
  if (item.complete) {
    in_.reader.take(in, item.bytes.size());
    open_call(call, in_place(item.bytes));
    // A record of several fragments lies where the next one will.
    if (item.gathered) context_.batch.finish();
    return Step::done;
  }
  switch (guest_->gss_requests.take(item.length, context_.waiter(id_))) {
    case runtime::Reservations::Answer::taken: break;
    case runtime::Reservations::Answer::waits: return stop_for(Wait::gss_bytes, Count::waits_gss_bytes);
    case runtime::Reservations::Answer::never:
      close(CloseReason::buffered_bytes, "the record exceeds limits.gss_request_bytes");
      return Step::done;
  }
  gss_->reserved = item.length;
  gss_->body.open(context_.buffers, item.length, kHeadRoom, 0, Gather::Memory::at_once);
  gss_->body.append(item.bytes);
  return skip_call(item, in);
}

// The record that was collected is whole.
void Session::body_complete() {
  GssSide& g = *gss_;
  const std::span<std::uint8_t> record = g.body.bytes();
  if (g.creating) {
    g.creating = false;
    submit_token(g.init_xid, record);
  } else {
    rpc::CallHeader call;
    (void)rpc::parse_call_head(record, true, call);  // it was good when the call was admitted
    open_call(call, record);
  }
  if (closed_) return;
  g.body.close();
  if (g.reserved > 0) guest_->gss_requests.give(std::exchange(g.reserved, 0));
}

// Opens the arguments of the admitted call in its whole record, and forwards it.
void Session::open_call(const rpc::CallHeader& call, std::span<std::uint8_t> record) {
  const bool stands = decide_again(call);
  GssSide::Admitted a = std::move(*gss_->admitted);
  gss_->admitted.reset();
  if (!stands) return;
  gss::Protection* const protection = a.context->lane(context_.thread);
  if (protection == nullptr) {
    guest_->in_flight.give(1);
    return close(CloseReason::gss_failed);
  }
  const auto args = gss::decode_args(a.service, a.seq, record.subspan(call.size), *protection);
  if (!args) {
    counters().add(Count::garbage_args);
    log_finding(call, gss::body_fault_word(args.error()), "GARBAGE_ARGS");
    a.decision.rejection = rpc::Rejection::of(rpc::Rejection::Kind::garbage_args);
    return reject_admitted(call, a);
  }
  if (a.decision.verdict == policy::Verdict::forward_state && !policy::only_state_operations(*args)) {
    a.decision.rule = policy::Rule::sec;
    a.decision.rejection = rpc::Rejection::auth(rpc::AuthStat::tooweak);
    log_refusal(call, a.decision, a.context->identity().principal);
    return reject_admitted(call, a);
  }
  const NfsOutcome nfs = rewrite_call(a.nfs, *args, args->size());
  if (ends_here(nfs)) return end_call(call, a.decision, {std::move(a.context), a.seq, a.service}, nfs);
  if (is_rewritten(nfs)) log_foreign_handle(call);
  std::array<std::uint8_t, kHeadRoom> head;
  rpc::XdrWriter w(std::span<std::uint8_t>(head).subspan(4));
  w.raw(record.first(rpc::kCallFixed));
  std::array<std::uint8_t, kMaxAuth> scratch;
  w.raw(auth_of(call, a, scratch));
  Link* const link = note_call(call, a.decision, {std::move(a.context), a.seq, a.service});
  if (link == nullptr) return;
  const NfsPieces pieces = pieces_of(in_, nfs, *args);
  rpc::XdrWriter(head).u32(rpc::last_fragment_mark(static_cast<std::uint32_t>(w.size() + pieces.size())));
  send_opened(link->sink, std::span<std::uint8_t>(head).first(4 + w.size()), pieces);
  if (nfs != NfsOutcome::same) release_body(*in_.nfs);
}

// Refuses a call that had its unit of the in-flight budget already.
void Session::reject_admitted(const rpc::CallHeader& call, const GssSide::Admitted& a) {
  guest_->in_flight.give(1);
  reject_verified(call, a.decision, *a.context, a.seq);
}

// Sends an opened call on: its new header and its arguments, of which `bulk` lies where the record was.
void Session::send_opened(Sink& to, rpc::Bytes head, const NfsPieces& args) {
  Gather& body = gss_->body;
  const std::size_t before = head.size() + args.head.size();
  const auto at = body.active() ? static_cast<std::size_t>(args.bulk.data() - body.all().data()) : 0;
  if (!body.active() || args.bulk.empty() || at < before ||
      body.all().size() - at < args.bulk.size() + args.tail.size()) {
    context_.batch.to(to);
    context_.batch.copy(head);
    put_pieces(args);
    // The record's buffer is about to be used again.
    return body.active() ? context_.batch.finish() : void();
  }
  // The buffer of a record that was collected goes with it; there is room for what stands before the data.
  std::uint8_t* const data = body.all().data() + at;
  if (!args.head.empty()) std::memcpy(data - args.head.size(), args.head.data(), args.head.size());
  std::memcpy(data - before, head.data(), head.size());
  if (!args.tail.empty()) std::memmove(data + args.bulk.size(), args.tail.data(), args.tail.size());
  context_.batch.finish();
  to.send_owned(body.release(), at - before, at + args.bulk.size() + args.tail.size());
}

// Refuses a call whose header was verified: where the refusal is an accepted reply, it has the call's verifier.
void Session::reject_verified(const rpc::CallHeader& call, const policy::Decision& d, gss::Context& context,
                              std::uint32_t seq) {
  gss::Verifier v;
  if (!verify_for(context, seq, call.xid, v)) return;
  count_call(call, CallEnd::refused, &d, &context);
  counters().add(Count::rejections);
  if (d.verdict == policy::Verdict::refuse) log_refusal(call, d, context.identity().principal);
  rpc::RejectionBytes out;
  answer(rpc::write_rejection(call.xid, d.rejection, out, as_auth(v)));
}

//= rfc2203#5.4
//# DESTROY is answered as a data request is
Session::Step Session::destroy_context(const rpc::CallHeader& call, const gss::Received& r,
                                       const RecordReader::Item& item, rpc::Bytes& in) {
  gss::Verifier v;
  if (!verify_for(*r.context, r.cred.seq, call.xid, v)) return skip_call(item, in);
  if (guest_->contexts.remove(*r.context)) {
    counters().add(Count::contexts_destroyed);
    audit_end("destroyed")(*r.context);
  }
  count_call(call, CallEnd::answered, nullptr, r.context.get());
  rpc::RejectionBytes out;
  answer(rpc::write_empty_success(call.xid, out, as_auth(v)));
  return skip_call(item, in);
}

// The verifier of a reply.
bool Session::make_verifier(gss::Context& context, std::uint32_t number, gss::Verifier& out) const {
  gss::Protection* const protection = context.lane(context_.thread);
  return protection != nullptr && gss::make_verifier(number, context.next_token_seq(), *protection, out);
}

// The same; false: it cannot be made, and call `xid` is denied instead of answered.
bool Session::verify_for(gss::Context& context, std::uint32_t number, std::uint32_t xid, gss::Verifier& out) {
  if (make_verifier(context, number, out)) return true;
  //= rfc2203#5.3.3.4.1
  //# a reply whose verifier cannot be made is denied with RPCSEC_GSS_CTXPROBLEM
  rpc::RejectionBytes denial;
  counters().add(Count::rejections);
  answer(rpc::write_rejection(xid, rpc::Rejection::auth(gss::kNoVerifier), denial));
  return false;
}

void Session::log_finding(const rpc::CallHeader& call, std::string_view finding, std::string_view reply,
                          std::string_view rule) {
  record([&] { return audit::call_refused(peer_, call, rule, finding, reply); });
  const auto allowed = guest_->log.ask(context_.now / 1000);
  if (!allowed.allowed) return counters().add(Count::log_lines_suppressed);
  log::Line line(log::Level::warning, "refused");
  line.add("guest", guest_->name)
      .add("peer", peer_.str())
      .add("rule", rule)
      .add("finding", finding)
      .add("reply", reply)
      .add("program", rpc::program_name(call.program))
      .add("version", call.version)
      .add("procedure", rpc::procedure_name(call.program, call.version, call.procedure));
  if (allowed.suppressed > 0) line.add("suppressed", allowed.suppressed);
  line.write();
}

}  // namespace gatehouse::session
