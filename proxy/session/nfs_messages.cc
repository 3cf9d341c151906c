// NFS messages on their way: arguments and results changed by the guest's rules.
#include "proxy/audit/events.h"
#include "proxy/log/log.h"
#include "proxy/nfs/names.h"
#include "proxy/session/session.h"
#include "rpc/names.h"

namespace gatehouse::session {
namespace {

using nfs::Message;
using rpc::RecordReader;
using runtime::CloseReason;
using runtime::Count;

// A procedure of a backend's calls: NULL has no arguments to look at.
constexpr std::uint32_t kCallbackCompound = 1;

}  // namespace

NfsGuest Session::nfs_guest() const {
  return {policy_->nfs.rules, policy().nfs.mount_paths};
}

// For the beginning of a message: one that is on its way already keeps to the rules that it began with.
NfsBody& Session::body_of(Inbound& in) {
  if (in.nfs_policy != policy_) {
    in.nfs = std::make_unique<NfsBody>(nfs_guest(), context_.nfs_scratch, context_.buffers);
    in.nfs_policy = policy_;
  }
  return *in.nfs;
}

// What becomes of the arguments of a call that is to be forwarded. The note of it stays until the call is.
NfsOutcome Session::rewrite_call(const rpc::CallHeader& call, rpc::Bytes here, std::size_t whole) {
  call_note_ = NfsBody::note_of(nfs_guest(), call);
  if (call_note_.kind == NfsKind::other) return NfsOutcome::same;
  return body_of(in_).begin(Message::call, call_note_, here, whole);
}

bool Session::ends_here(NfsOutcome nfs) {
  return nfs != NfsOutcome::same && nfs != NfsOutcome::changed && nfs != NfsOutcome::streams;
}

// The call goes no further; it had its unit of the in-flight budget.
void Session::end_call(const rpc::CallHeader& call, const policy::Decision& d, const Protected& how, NfsOutcome nfs) {
  guest_->in_flight.give(1);
  if (nfs == NfsOutcome::too_large) return close(CloseReason::nfs_too_large);
  const bool answered = nfs == NfsOutcome::answered;
  count_call(call, answered ? runtime::CallEnd::answered : runtime::CallEnd::refused, &d, how.context.get());
  log_foreign_handle(call);
  if (answered) {
    counters().add(Count::nfs_answered);
    answer_results(call.xid, how, in_.nfs->pieces().head);
    return release_body(*in_.nfs);
  }
  counters().add(Count::rejections);
  log_finding(call, "malformed-arguments", "GARBAGE_ARGS", "nfs");
  answer_garbage(call.xid, how);
}

// Sends the beginning of a record whose body was changed: `marked_head` has four bytes for its mark, then its header.
void Session::send_rewritten(Sink& to, std::span<std::uint8_t> marked_head, const RecordReader::Item& item,
                             NfsBody& body) {
  const std::size_t length = marked_head.size() - 4 + body.length();
  rpc::XdrWriter(marked_head).u32(rpc::last_fragment_mark(static_cast<std::uint32_t>(length)));
  if (&to == &client_sink_) count_out(marked_head.size() + body.pieces().size());
  context_.batch.to(to);
  context_.batch.copy(marked_head);
  send_pieces(body, item.gathered);
}

// Puts a body's pieces into the batch. What may lie in the worker's scratch is copied: the next body lies there too.
void Session::put_pieces(const NfsPieces& pieces) {
  const auto put = [&](rpc::Bytes piece) {
    if (piece.size() <= NfsScratch::kRoom) return context_.batch.copy(piece);
    context_.batch.put(piece);
  };
  put(pieces.head);
  context_.batch.put(pieces.bulk);
  put(pieces.tail);
}

void Session::send_pieces(NfsBody& body, bool finish) {
  put_pieces(body.pieces());
  if (finish) context_.batch.finish();
  release_body(body);
}

// Gives the body's buffers back; what the batch refers to there goes out before.
void Session::release_body(NfsBody& body) {
  if (body.owns()) context_.batch.finish();
  body.release();
}

// The record of a body that streams has ended: its tail goes on. Its length has gone out, so that nothing else can be
// done about one that is wrong than to close.
void Session::end_stream(Inbound& in, Sink& to) {
  if (in.nfs == nullptr || !in.nfs->streams()) return;
  const NfsOutcome what = in.nfs->end();
  if (what != NfsOutcome::changed) {
    const bool theirs = &in != &in_;
    return close(theirs ? CloseReason::backend_malformed : CloseReason::nfs_too_large);
  }
  if (&to == &client_sink_) count_out(in.nfs->pieces().size());
  context_.batch.to(to);
  send_pieces(*in.nfs, false);
}

// What becomes of the results of a call.
NfsOutcome Session::rewrite_results(Link& link, NfsNote& note, rpc::Bytes here, std::size_t whole) {
  if (!note.reply) return NfsOutcome::same;
  NfsBody& body = body_of(link.in);
  const NfsOutcome what = body.begin(Message::reply, note, here, whole);
  if (what == NfsOutcome::gather) return what;
  if (ends_here(what)) {
    close(CloseReason::backend_malformed, link.backend->conf.name + ": NFS results that cannot be read");
    return what;
  }
  if (body.facts() != nullptr && body.facts()->at_status != 0) log_unknown_state(*body.facts());
  if (body.unbound_handle()) log_unbound_handle(link);
  return what;
}

// A call of the backend (NFSv4.1 backchannel), its identifiers as the guest knows them.
Session::Step Session::relay_callback(Link& link, const rpc::CallHeader& call, const RecordReader::Item& item,
                                      rpc::Bytes& in) {
  NfsNote note;
  NfsOutcome what = NfsOutcome::same;
  const nfs::Rules& rules = policy_->nfs.rules;
  if (link.carried_nfs4 && call.procedure == kCallbackCompound && (rules.bind_state || rules.bind_handles)) {
    note.kind = NfsKind::compound;
    what = body_of(link.in).begin(Message::callback, note, item.bytes.subspan(call.size), item.length - call.size);
  }
  if (what == NfsOutcome::gather) {
    link.in.reader.gather();
    return Step::done;
  }
  const bool passes = what == NfsOutcome::unknown && rules.pass_unknown;
  if ((ends_here(what) && !passes) || !link.callbacks.add(call.xid, 0, {{}, note})) {
    close(CloseReason::backend_malformed, link.backend->conf.name + ": a callback that cannot be read");
    return Step::done;
  }
  counters().add(Count::callbacks);
  if (what == NfsOutcome::changed || what == NfsOutcome::streams) {
    std::array<std::uint8_t, 4 + rpc::kMaxCallHeader> head;
    rpc::XdrWriter w(std::span<std::uint8_t>(head).subspan(4));
    w.raw(item.bytes.first(call.size));
    send_rewritten(client_sink_, std::span<std::uint8_t>(head).first(4 + w.size()), item, *link.in.nfs);
  } else {
    send_record(client_sink_, item);
  }
  if (!item.complete) reply_owner_ = &link;
  link.in.reader.take(in, item.bytes.size());
  return Step::done;
}

// The guest's answer to a callback.
Session::Step Session::relay_callback_reply(Link& link, const RecordReader::Item& item, rpc::Bytes& in) {
  rpc::ReplyHeader reply;
  const rpc::HeadStatus status = rpc::parse_reply_head(item.bytes, item.complete, reply);
  if (status == rpc::HeadStatus::need_more) return Step::need_more;
  const Outstanding* const call = link.callbacks.find(reply.xid, 0);
  if (status != rpc::HeadStatus::ok || call == nullptr) {
    close(CloseReason::unexpected_reply);
    return Step::done;
  }
  NfsOutcome what = NfsOutcome::same;
  const std::size_t at = reply.verf_end + 4;
  if (call->nfs.kind == NfsKind::compound && !reply.denied && reply.accept_stat == rpc::AcceptStat::success) {
    NfsNote note = call->nfs;
    what = body_of(in_).begin(Message::callback_reply, note, item.bytes.subspan(at), item.length - at);
  }
  if (what == NfsOutcome::gather) {
    in_.reader.gather();
    return Step::done;
  }
  if (ends_here(what)) {
    close(CloseReason::nfs_callback_reply);
    return Step::done;
  }
  (void)link.callbacks.remove(reply.xid, 0, context_.now);
  if (what == NfsOutcome::same) {
    send_record(link.sink, item);
  } else {
    std::array<std::uint8_t, 4 + rpc::kMaxReplyHeader> head;
    rpc::XdrWriter w(std::span<std::uint8_t>(head).subspan(4));
    w.raw(item.bytes.first(at));
    send_rewritten(link.sink, std::span<std::uint8_t>(head).first(4 + w.size()), item, *in_.nfs);
  }
  in_.reader.take(in, item.bytes.size());
  body_to_ = item.complete ? nullptr : &link;
  return Step::done;
}

void Session::log_foreign_handle(const rpc::CallHeader& call) {
  if (in_.nfs == nullptr || !in_.nfs->foreign_handle()) return;
  counters().add(Count::foreign_handles);
  record([&] { return audit::call_refused(peer_, call, "filehandle", "foreign-handle", "STALE"); });
  const auto allowed = guest_->log.ask(context_.now / 1000);
  if (!allowed.allowed) return counters().add(Count::log_lines_suppressed);
  log::Line line(log::Level::warning, "foreign-handle");
  const bool compound = call_note_.kind == NfsKind::compound;
  line.add("guest", guest_->name)
      .add("peer", peer_.str())
      .add("operation", compound ? std::string(nfs::operation_name(call_note_.call.cut.operation))
                                 : rpc::procedure_name(call.program, call.version, call.procedure))
      .add("reason", "it shows a file handle that this guest was not given");
  if (allowed.suppressed > 0) line.add("suppressed", allowed.suppressed);
  line.write();
}

// What a server says of an id of another guest's, and of one that it has forgotten.
void Session::log_unknown_state(const nfs::Facts& facts) {
  const std::string_view status = nfs::unknown_state(facts.at_status);
  if (status.empty()) return;
  counters().add(Count::unknown_state);
  const auto allowed = guest_->log.ask(context_.now / 1000);
  if (!allowed.allowed) return counters().add(Count::log_lines_suppressed);
  log::Line line(log::Level::warning, "unknown-state");
  line.add("guest", guest_->name)
      .add("peer", peer_.str())
      .add("operation", nfs::operation_name(facts.at.operation))
      .add("status", status);
  if (allowed.suppressed > 0) line.add("suppressed", allowed.suppressed);
  line.write();
}

void Session::log_unbound_handle(const Link& link) {
  const auto allowed = guest_->log.ask(context_.now / 1000);
  if (!allowed.allowed) return counters().add(Count::log_lines_suppressed);
  log::Line(log::Level::error, "unbound-handle")
      .add("guest", guest_->name)
      .add("backend", link.backend->conf.name)
      .add("hint", "its file handles are too long to be bound: set filehandles = \"plain\" for this guest")
      .write();
}

}  // namespace gatehouse::session
