// Links to client: replies matched to their calls, and calls of the backend.
#include "proxy/log/log.h"
#include "proxy/session/session.h"

namespace gatehouse::session {
namespace {

using rpc::HeadStatus;
using rpc::RecordReader;
using runtime::CloseReason;
using runtime::Count;

constexpr int kTurns = 4;
// Calls of one backend that the client has not answered; an NFSv4.1 backchannel has a handful of slots.
constexpr std::size_t kMostCallbacks = 256;

}  // namespace

// Whether our own side keeps us from reading the link: the client must take what it has, and another link's record
// must end before this one's can begin.
bool Session::link_paused(const Link& link) const {
  return client_sink_.blocked() || link.waiting || link.in.pipe != nullptr ||
         (reply_owner_ != nullptr && reply_owner_ != &link);
}

void Session::pump_links() {
  for (const auto& link : links_) {
    if (closed_) return;
    pump_link(*link);
  }
  if (links_.size() < 2) return;
  // A record that ended may have held up a link that had its turn before.
  for (const auto& link : links_)
    if (!closed_ && link->state == Link::State::up && link->in.readable && !link_paused(*link))
      return context_.again(*this);
}

void Session::pump_link(Link& link) {
  for (int turn = 0; turn < kTurns; ++turn) {
    if (closed_ || link.state != Link::State::up) return;
    if (link.in.pipe != nullptr && push_pipe(link.in, client_sink_, client_.get()) == Splice::stop) return;
    if (closed_ || !link.in.readable || link_paused(link)) return;
    if (reply_owner_ == &link) {
      const Splice s = splice_body(link.fd.get(), link.in, client_sink_, client_.get());
      if (s == Splice::stop) return;
      if (s == Splice::more) continue;
    }
    if (link.sealed.results.active()) {
      const Splice s = read_into(link.fd.get(), link.in, link.sealed.results);
      if (link.sealed.results.complete()) {
        collected_reply(link);
        record_done(link);
        after_input(link.in);
      }
      if (s == Splice::stop) return;
      if (s == Splice::more) continue;
    }
    const ReadBuffer::Result r = context_.buffer.fill(link.fd.get(), link.in.held);
    context_.begin_read();
    if (r.status == ReadBuffer::Status::would_block) {
      link.in.readable = false;
      return;
    }
    if (r.status != ReadBuffer::Status::data) return link_ended(link);
    link.in.held.clear();
    hold(link.in, process_link(link, r.bytes));
    after_input(link.in);
    if (r.drained && !link.in.hangup) {
      link.in.readable = false;
      return;
    }
  }
  context_.again(*this);
}

// Works through what was read and returns what must wait for more.
rpc::Bytes Session::process_link(Link& link, rpc::Bytes in) {
  while (!closed_) {
    const RecordReader::Item item = link.in.reader.next(in);
    switch (item.kind) {
      case RecordReader::Kind::need_more: return in;
      case RecordReader::Kind::too_long:
        close(CloseReason::record_too_long, "a reply of the backend exceeds limits.record_bytes");
        break;
      case RecordReader::Kind::too_many_fragments:
        close(CloseReason::too_many_fragments, "a reply of the backend exceeds limits.fragments");
        break;
      case RecordReader::Kind::body:
        if (link.sealed.results.active()) {
          link.sealed.results.append(item.bytes);
          if (item.complete) collected_reply(link);
        } else if (!link.discarding) {
          const rpc::Bytes now = streams(link.in) ? link.in.nfs->bulk(item.bytes) : item.bytes;
          count_out(now.size());
          context_.batch.to(client_sink_);
          context_.batch.put(now);
        }
        if (item.complete) end_stream(link.in, client_sink_);
        if (item.complete && !closed_) record_done(link);
        break;
      case RecordReader::Kind::head:
        if (link_record(link, item, in) != Step::done) return in;
        if (item.complete && !closed_) record_done(link);
        break;
    }
  }
  return {};
}

void Session::record_done(Link& link) {
  link.in.partial_since = 0;
  link.discarding = false;
  if (reply_owner_ == &link) reply_owner_ = nullptr;
  send_answers();
}

// The last of results that were collected is here.
void Session::collected_reply(Link& link) {
  const runtime::CallTimes times = link.sealed.call.times;
  sealed_complete(link);
  note_times(link, times, true);
}

// `sealed`: protecting the results took time of its own.
void Session::note_times(Link& link, const runtime::CallTimes& times, bool sealed) {
  times.answered(context_.woke, context_.moment(sealed), link.backend->times(context_.thread));
}

Session::Step Session::link_record(Link& link, const RecordReader::Item& item, rpc::Bytes& in) {
  if (item.bytes.size() >= 8 && rpc::message_type(item.bytes) == rpc::kCall) return link_callback(link, item, in);
  return link_reply(link, item, in);
}

Session::Step Session::link_reply(Link& link, const RecordReader::Item& item, rpc::Bytes& in) {
  rpc::ReplyHeader reply;
  const HeadStatus status = rpc::parse_reply_head(item.bytes, item.complete, reply);
  if (status == HeadStatus::need_more) return Step::need_more;
  if (status != HeadStatus::ok) {
    close(CloseReason::backend_malformed, link.backend->conf.name);
    return Step::done;
  }
  const CallTable::Place waiting = calls_.find(reply.xid, link.number);
  if (!waiting) {
    // For example the second answer to a call that was retransmitted: the client has had the first.
    counters().add(Count::replies_unmatched);
    link.discarding = true;
    link.in.reader.take(in, item.bytes.size());
    return Step::done;
  }
  if (reserve_reply(link, reply, item, waiting) == Step::wait) return Step::wait;
  NfsOutcome nfs = NfsOutcome::same;
  // Of a krb5i or krb5p call they are looked at when they are whole.
  if (waiting->nfs.reply && has_results(reply) && !is_sealed(reply, waiting->how)) {
    NfsNote note = waiting->nfs;
    const std::size_t at = reply.verf_end + 4;
    nfs = rewrite_results(link, note, item.bytes.subspan(at), item.length - at);
    if (closed_) return Step::done;
    if (nfs == NfsOutcome::gather) {
      link.in.reader.gather();
      return Step::done;
    }
  }
  answered(link, reply, calls_.take(waiting, context_.now), nfs, item);
  if (closed_) return Step::done;
  link.in.reader.take(in, item.bytes.size());
  return Step::done;
}

// The call is answered, by a reply whose results become `nfs`.
void Session::answered(Link& link, const rpc::ReplyHeader& reply, Outstanding call, NfsOutcome nfs,
                       const RecordReader::Item& item) {
  --link.outstanding;
  guest_->in_flight.give(1);
  counters().add(Count::replies);
  const runtime::CallTimes times = call.times;
  const bool sealed = is_sealed(call.how);
  if (traced_ != nullptr) trace_replied(link, reply.xid, item.length, times);
  if (call.how.context != nullptr && !reply.denied) {
    relay_protected(link, reply, std::move(call), nfs, item);
  } else {
    relay_reply(link, reply, nfs, item);
  }
  if (!link.sealed.results.active()) note_times(link, times, sealed);
}

void Session::relay_reply(Link& link, const rpc::ReplyHeader& reply, NfsOutcome nfs, const RecordReader::Item& item) {
  if (reply.denied && reply.reject_stat == rpc::RejectStat::auth_error) {
    // The credential was ours, so the fault is ours or the backend's, never the client's; most of the codes would
    // make it try the same again for ever.
    counters().add(Count::backend_auth_errors);
    log_backend_auth_error(link, reply.auth_stat);
    rpc::RejectionBytes out;
    answer(rpc::write_rejection(reply.xid, rpc::Rejection::auth(rpc::AuthStat::tooweak), out));
    link.discarding = true;
    return;
  }
  if (nfs == NfsOutcome::same && (reply.denied || reply.verf.is_empty_none())) {
    if (!item.complete) reply_owner_ = &link;
    return send_record(client_sink_, item);
  }
  // A verifier (AUTH_SHORT) is between the gateway and the backend.
  std::array<std::uint8_t, 4 + 20> head;
  rpc::XdrWriter w(std::span<std::uint8_t>(head).subspan(4));
  w.u32(reply.xid);
  w.u32(rpc::kReply);
  w.u32(rpc::kMsgAccepted);
  w.u32(static_cast<std::uint32_t>(rpc::AuthFlavor::none));
  w.u32(0);
  send_reply(link, reply, head, nfs, item);
}

Session::Step Session::link_callback(Link& link, const RecordReader::Item& item, rpc::Bytes& in) {
  if (link.callbacks.size() >= kMostCallbacks) {
    close(CloseReason::too_many_callbacks, link.backend->conf.name);
    return Step::done;
  }
  rpc::CallHeader call;
  const HeadStatus status = rpc::parse_call_head(item.bytes, item.complete, call);
  if (status == HeadStatus::need_more) return Step::need_more;
  if (status == HeadStatus::ok) return relay_callback(link, call, item, in);
  close(CloseReason::backend_malformed, link.backend->conf.name);
  return Step::done;
}

void Session::link_ended(Link& link) {
  const bool matters = link.outstanding > 0 || link.carried_nfs4 || reply_owner_ == &link || body_to_ == &link ||
                       link.waiting || link.sealed.results.active() || link.sink.pending() > 0;
  if (!matters) return drop_link(link);
  // The client sees the close and retransmits on a new connection; silence would hang it. What is on its way to it
  // still arrives.
  link.sink.detach();
  link.fd.reset();
  link.state = Link::State::idle;
  last_words_ = true;
  finish_if_done();
}

void Session::answer(rpc::Bytes record) {
  count_out(record.size());
  if (reply_owner_ != nullptr) {
    answers_.insert(answers_.end(), record.begin(), record.end());
    return;
  }
  context_.batch.to(client_sink_);
  if (record.size() <= Batch::kMostRoom) return context_.batch.copy(record);
  context_.batch.put(record);
  context_.batch.finish();
}

void Session::send_answers() {
  if (answers_.empty() || reply_owner_ != nullptr) return;
  context_.batch.to(client_sink_);
  context_.batch.put(answers_);
  context_.batch.finish();
  answers_ = {};
}

void Session::log_backend_auth_error(const Link& link, std::uint32_t auth_stat) {
  const auto allowed = guest_->log.ask(context_.now / 1000);
  if (!allowed.allowed) return counters().add(Count::log_lines_suppressed);
  const auto& ip = policy().source_address;
  const std::string source =
      std::to_string(ip[0]) + "." + std::to_string(ip[1]) + "." + std::to_string(ip[2]) + "." + std::to_string(ip[3]);
  log::Line(log::Level::error, "backend-auth-error")
      .add("guest", guest_->name)
      .add("backend", link.backend->conf.name)
      .add("auth_stat", auth_stat)
      .add("source_address", source)
      .add("hint", "the backend refuses the gateway's own credential: look at its exports for this address")
      .write();
}

}  // namespace gatehouse::session
