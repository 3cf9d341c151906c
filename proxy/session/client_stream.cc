// Client to links: records in, decisions, calls out.
#include "proxy/session/session.h"

namespace gatehouse::session {
namespace {

using rpc::HeadStatus;
using rpc::RecordReader;
using runtime::CallEnd;
using runtime::CloseReason;
using runtime::Count;

// Reads in a row before the other sessions of the worker have their turn.
constexpr int kTurns = 4;
// Answers of our own that a client may let pile up before we stop reading its calls.
constexpr std::size_t kMostAnswers = std::size_t{256} * 1024;

bool is_nfs4(const rpc::CallHeader& call) {
  return call.program == rpc::program::kNfs && call.version == 4;
}

// A refusal that the header itself asks for, before policy is consulted.
policy::Decision header_refusal(HeadStatus status) {
  policy::Decision d;
  switch (status) {
    case HeadStatus::rpc_mismatch:
      d.rule = policy::Rule::rpc_version;
      d.rejection = rpc::Rejection::rpc_mismatch();
      break;
    case HeadStatus::bad_verf:
      d.rule = policy::Rule::bad_verifier;
      d.rejection = rpc::Rejection::auth(rpc::AuthStat::badverf);
      break;
    default:
      d.rule = policy::Rule::bad_credential;
      d.rejection = rpc::Rejection::auth(rpc::AuthStat::badcred);
      break;
  }
  return d;
}

}  // namespace

// Whether our own side keeps us from reading: the client is not to blame for what it has half-sent.
bool Session::client_paused() const {
  if (wait_ != Wait::nothing || last_words_ || in_.pipe != nullptr) return true;
  if (takes_no_more()) return true;
  if (client_sink_.pending() + answers_.size() > kMostAnswers) return true;
  for (const auto& link : links_)
    if (link->sink.blocked()) return true;
  return false;
}

void Session::pump_client() {
  for (int turn = 0; turn < kTurns; ++turn) {
    if (closed_) return;
    if (in_.pipe != nullptr && push_pipe(in_, body_to_->sink, body_to_->fd.get()) == Splice::stop) return;
    if (closed_ || !in_.readable || in_.ended || client_paused()) return;
    if (body_to_ != nullptr) {
      const Splice s = splice_body(client_.get(), in_, body_to_->sink, body_to_->fd.get());
      if (s == Splice::stop) return;
      if (s == Splice::more) continue;
    }
    if (gss_ != nullptr && gss_->body.active()) {
      const Splice s = read_into(client_.get(), in_, gss_->body);
      if (gss_->body.complete()) {
        body_ended(in_);
        after_input(in_);
      }
      if (s == Splice::stop) return;
      if (s == Splice::more) continue;
    }
    const ReadBuffer::Result r = context_.buffer.fill(client_.get(), in_.held);
    context_.begin_read();
    if (r.status == ReadBuffer::Status::would_block) {
      in_.readable = false;
      return;
    }
    if (r.status == ReadBuffer::Status::failed) return close(CloseReason::client_error);
    if (r.status == ReadBuffer::Status::ended) return client_ended();
    count_in(r.fresh);
    in_.held.clear();
    hold(in_, process_client(r.bytes));
    after_input(in_);
    if (r.drained && !in_.hangup) {
      in_.readable = false;
      return;
    }
  }
  context_.again(*this);
}

void Session::client_ended() {
  in_.ended = true;
  if (!in_.reader.idle() || !in_.held.empty()) return close(CloseReason::truncated_record);
  if (gone_) return close(CloseReason::client_closed);
  finish_if_done();
}

// Works through what was read and returns what must wait: for more bytes, or (wait_) for a budget.
rpc::Bytes Session::process_client(rpc::Bytes in) {
  while (!closed_) {
    if (takes_no_more()) return in;
    const RecordReader::Item item = in_.reader.next(in);
    switch (item.kind) {
      case RecordReader::Kind::need_more: return in;
      case RecordReader::Kind::too_long: close(CloseReason::record_too_long); break;
      case RecordReader::Kind::too_many_fragments: close(CloseReason::too_many_fragments); break;
      case RecordReader::Kind::body:
        if (body_to_ != nullptr) {
          context_.batch.to(body_to_->sink);
          context_.batch.put(streams(in_) ? in_.nfs->bulk(item.bytes) : item.bytes);
        } else if (gss_ != nullptr && gss_->body.active()) {
          gss_->body.append(item.bytes);
        }
        if (item.complete) body_ended(in_);
        break;
      case RecordReader::Kind::head:
        if (client_record(item, in) != Step::done) return in;
        if (item.complete) in_.partial_since = 0;
        break;
    }
  }
  return {};
}

Session::Step Session::client_record(const RecordReader::Item& item, rpc::Bytes& in) {
  if (item.bytes.size() < 8) {
    if (!item.complete) return Step::need_more;
    close(CloseReason::malformed_call);
    return Step::done;
  }
  switch (rpc::message_type(item.bytes)) {
    case rpc::kCall: return client_call(item, in);
    case rpc::kReply: return client_callback_reply(item, in);
    default: close(CloseReason::bad_message_type); return Step::done;
  }
}

Session::Step Session::client_call(const RecordReader::Item& item, rpc::Bytes& in) {
  rpc::CallHeader call;
  const HeadStatus status = rpc::parse_call_head(item.bytes, item.complete, call);
  if (status == HeadStatus::need_more) return Step::need_more;
  if (status == HeadStatus::malformed || status == HeadStatus::not_a_call) {
    close(CloseReason::malformed_call);
    return Step::done;
  }
  call_bytes_ = item.length;
  if (status != HeadStatus::ok) return refuse(call, header_refusal(status), item, in);
  if (rpcbind_ != nullptr) return rpcbind_call(call, item, in);
  if (call.cred.is(rpc::AuthFlavor::rpcsec_gss)) return client_gss(call, item, in);
  if (memo_ == nullptr || !memo_->matches(call)) {
    const policy::Decision d = policy::decide(policy(), call, peer_.port);
    if (d.verdict == policy::Verdict::refuse) return refuse(call, d, item, in);
    if (d.verdict == policy::Verdict::answer_empty) return answer_probe(call, d, item, in);
    if (memo_ == nullptr) memo_ = std::make_unique<ForwardMemo>();
    memo_->store(call, d, guest_->name, note_of(call));
  }
  const NfsOutcome nfs = rewrite_call(memo_->note(), item.bytes.subspan(call.size), item.length - call.size);
  if (nfs == NfsOutcome::gather) {
    in_.reader.gather();
    return Step::done;
  }
  if (!take_unit(guest_->in_flight, Wait::in_flight, Count::waits_in_flight)) return Step::wait;
  forward_call(call, memo_->decision(), memo_->auth(), {}, nfs, item, in);
  return Step::done;
}

// Takes a unit for the record at hand, or sees to it that the session is woken when there is one.
bool Session::take_unit(runtime::Budget& budget, Wait what, Count waits) {
  if (!budget.take_or_wait(1, context_.waiter(id_))) {
    stop_for(what, waits);
    return false;
  }
  if (retried_ == what) budget.leave(context_.waiter(id_));
  return true;
}

Session::Step Session::stop_for(Wait what, Count waits) {
  if (retried_ != what) counters().add(waits);
  wait_ = what;
  return Step::wait;
}

Session::Step Session::answer_probe(const rpc::CallHeader& call, const policy::Decision& d,
                                    const RecordReader::Item& item, rpc::Bytes& in) {
  count_call(call, CallEnd::answered, &d);
  rpc::RejectionBytes out;
  answer(rpc::write_empty_success(call.xid, out));
  in_.reader.take(in, item.bytes.size());
  return Step::done;
}

// A call's end is known; of one that goes on, its beginning. `d` and `context` as far as they are known.
void Session::count_call(const rpc::CallHeader& call, CallEnd end, const policy::Decision* d,
                         const gss::Context* context) {
  const runtime::CallFlavor flavor = runtime::flavor_of(call.cred);
  flavors_ |= 1U << static_cast<unsigned>(flavor);
  counters().add(Count::calls);
  guest_->count_call(context_.thread, flavor, call.program, end);
  if (d != nullptr) counters().add(d->rule);
  if (end != CallEnd::forwarded && guest_->trace->wanted()) trace_ended(call, end, d, context);
}

void Session::count_in(std::uint64_t bytes) {
  bytes_in_ += bytes;
  counters().add(Count::bytes_in, bytes);
}

void Session::count_out(std::uint64_t bytes) {
  bytes_out_ += bytes;
  counters().add(Count::bytes_out, bytes);
}

Session::Step Session::refuse(const rpc::CallHeader& call, const policy::Decision& d, const RecordReader::Item& item,
                              rpc::Bytes& in) {
  count_call(call, CallEnd::refused, &d);
  counters().add(Count::rejections);
  log_refusal(call, d);
  rpc::RejectionBytes out;
  answer(rpc::write_rejection(call.xid, d.rejection, out));
  in_.reader.take(in, item.bytes.size());
  return Step::done;
}

// Counts a call that is forwarded and returns its link; its unit of the in-flight budget is taken, and rewrite_call()
// has seen it. Null: its xid is in use by another caller, and the session was closed.
Link* Session::note_call(const rpc::CallHeader& call, const policy::Decision& d, Protected how) {
  count_call(call, CallEnd::forwarded, &d);
  Link& link = link_for(d.backend);
  if (guest_->trace->wanted()) trace_forwarded(call, d, how.context.get(), link);
  const auto times = runtime::CallTimes::passed_on(context_.woke, context_.moment(is_sealed(how)));
  if (!calls_.add(call.xid, link.number, {std::move(how), call_note_, times})) {
    guest_->in_flight.give(1);
    close(CloseReason::xid_in_use);
    return nullptr;
  }
  ++link.outstanding;
  if (is_nfs4(call)) link.carried_nfs4 = true;
  return &link;
}

// Forwards a call whose body comes in the clear, and which becomes `nfs`; `auth` is its credential and verifier for the
// backend.
void Session::forward_call(const rpc::CallHeader& call, const policy::Decision& d, rpc::Bytes auth, Protected how,
                           NfsOutcome nfs, const RecordReader::Item& item, rpc::Bytes& in) {
  if (ends_here(nfs)) {
    end_call(call, d, how, nfs);
    in_.reader.take(in, item.bytes.size());
    return;
  }
  if (is_rewritten(nfs)) log_foreign_handle(call);
  Link* const link = note_call(call, d, std::move(how));
  if (link == nullptr) return;
  std::array<std::uint8_t, 4 + rpc::kMaxCallHeader + nfs::kSessionEnd> room;
  rpc::XdrWriter w(std::span<std::uint8_t>(room).subspan(4));
  w.raw(item.bytes.first(rpc::kCallFixed));
  w.raw(auth);
  send_body(link->sink, room, 4 + w.size(), item, call.size, nfs, in_);
  in_.reader.take(in, item.bytes.size());
  // What a call that was cut has left goes nowhere.
  body_to_ = item.complete || nfs == NfsOutcome::changed ? nullptr : link;
}

// A reply from the client answers a call of a backend (NFSv4.1 backchannel). To anything else there is no reply.
Session::Step Session::client_callback_reply(const RecordReader::Item& item, rpc::Bytes& in) {
  const std::uint32_t xid = rpc::XdrReader(item.bytes).u32();
  for (const auto& link : links_)
    if (link->callbacks.find(xid, 0)) return relay_callback_reply(*link, item, in);
  close(CloseReason::unexpected_reply);
  return Step::done;
}

}  // namespace gatehouse::session
