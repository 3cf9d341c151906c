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
void Session::new_body(Inbound& in) {
  in.nfs = std::make_unique<NfsBody>(nfs_guest(), context_.nfs_scratch, context_.buffers);
  in.nfs_policy = policy_;
}

NfsNote Session::note_of(const rpc::CallHeader& call) const {
  return NfsBody::note_of(nfs_guest(), call);
}

// What becomes of the arguments of a call that is to be forwarded. The note of it stays until the call is.
NfsOutcome Session::rewrite_call(const NfsNote& note, rpc::Bytes here, std::size_t whole) {
  call_note_ = note;
  if (call_note_.kind == NfsKind::other) return NfsOutcome::same;
  return body_of(in_).begin(Message::call, call_note_, here, whole);
}

bool Session::ends_here(NfsOutcome nfs) {
  return nfs != NfsOutcome::same && nfs != NfsOutcome::session && !is_rewritten(nfs);
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

// Sends the beginning of a record whose body becomes `nfs`. In place of the first `skip` bytes of `item` stand `head`
// bytes of `room`, four for its mark and then its header; of a call or a reply, `room` has nfs::kSessionEnd bytes more.
void Session::send_body(Sink& to, std::span<std::uint8_t> room, std::size_t head, const RecordReader::Item& item,
                        std::size_t skip, NfsOutcome nfs, Inbound& in) {
  if (is_rewritten(nfs)) return send_rewritten(to, room.first(head), item, *in.nfs);
  const std::size_t begin =
      nfs == NfsOutcome::session ? in.nfs->write_session(item.bytes.subspan(skip), room.subspan(head)) : 0;
  send_record(to, room.first(head + begin), item, skip + begin);
}

// The same of one that was changed.
void Session::send_rewritten(Sink& to, std::span<std::uint8_t> marked_head, const RecordReader::Item& item,
                             NfsBody& body) {
  const NfsPieces& pieces = body.pieces();
  const std::size_t length = marked_head.size() - 4 + body.length();
  const std::size_t here = marked_head.size() + pieces.size();
  rpc::XdrWriter(marked_head).u32(rpc::last_fragment_mark(static_cast<std::uint32_t>(length)));
  if (&to == &client_sink_) count_out(here);
  context_.batch.to(to);
  if (here <= Batch::kCopyUpTo) {
    pieces.copy_to(rpc::copy_bytes(marked_head, context_.batch.room(here)));
  } else {
    context_.batch.copy(marked_head);
    put_pieces(pieces);
  }
  if (item.gathered) context_.batch.finish();
  release_body(body);
}

// The pieces of a body that is here whole and goes on.
NfsPieces Session::pieces_of(Inbound& in, NfsOutcome nfs, rpc::Bytes whole) {
  if (nfs == NfsOutcome::same) return {{}, whole, {}};
  return nfs == NfsOutcome::session ? in.nfs->session_pieces(whole) : in.nfs->pieces();
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
  put_pieces(in.nfs->pieces());
  release_body(*in.nfs);
}

// What becomes of the results of a call.
NfsOutcome Session::rewrite_results(Link& link, NfsNote& note, rpc::Bytes here, std::size_t whole) {
  if (!note.reply) return NfsOutcome::same;
  NfsBody& body = body_of(link.in);
  const NfsOutcome what = body.begin(Message::reply, note, here, whole);
  if (what == NfsOutcome::gather || what == NfsOutcome::session) return what;
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
  std::array<std::uint8_t, 4 + rpc::kMaxCallHeader> room;
  rpc::copy_bytes(item.bytes.first(call.size), std::span<std::uint8_t>(room).subspan(4));
  send_body(client_sink_, room, 4 + call.size, item, call.size, what, link.in);
  if (!item.complete) reply_owner_ = &link;
  link.in.reader.take(in, item.bytes.size());
  return Step::done;
}

// The guest's answer to a callback.
Session::Step Session::relay_callback_reply(Link& link, const RecordReader::Item& item, rpc::Bytes& in) {
  rpc::ReplyHeader reply;
  const rpc::HeadStatus status = rpc::parse_reply_head(item.bytes, item.complete, reply);
  if (status == rpc::HeadStatus::need_more) return Step::need_more;
  const CallTable::Place call = link.callbacks.find(reply.xid, 0);
  if (status != rpc::HeadStatus::ok || !call) {
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
  (void)link.callbacks.take(call, context_.now);
  std::array<std::uint8_t, 4 + rpc::kMaxReplyHeader> room;
  rpc::copy_bytes(item.bytes.first(at), std::span<std::uint8_t>(room).subspan(4));
  send_body(link.sink, room, 4 + at, item, at, what, in_);
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
