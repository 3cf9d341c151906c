// Replies to calls with RPCSEC_GSS credentials: verifier and protection put on.
#include <algorithm>
#include <cstring>

#include "proxy/session/session.h"

namespace gatehouse::session {
namespace {

using rpc::GssService;
using rpc::RecordReader;
using runtime::CloseReason;
using runtime::Count;

// Results up to this size are protected among the other replies of a batch; larger ones in a buffer of their own.
constexpr std::size_t kSmallResults = std::size_t{16} * 1024;
// Mark, xid, REPLY, MSG_ACCEPTED, the verifier and accept_stat.
constexpr std::size_t kHeadFixed = 4 + 12 + 8 + 4;
constexpr std::size_t kMaxHead = kHeadFixed + rpc::padded(gss::Protection::kMaxMic);
// Room before results that are collected: all that will stand before them.
constexpr std::size_t kRoom = kMaxHead + gss::kMaxResultHead;

std::size_t results_at(const rpc::ReplyHeader& reply) {
  return reply.verf_end + 4;
}

void write_head(rpc::XdrWriter& w, std::uint32_t xid, rpc::AuthFlavor flavor, rpc::Bytes verifier) {
  w.u32(xid);
  w.u32(rpc::kReply);
  w.u32(rpc::kMsgAccepted);
  rpc::write_auth(w, flavor, verifier);
}

// Protects the `results` bytes at offset `at` of `memory` and writes mark and header before them. Returns the record,
// or nothing when OpenSSL refuses.
rpc::Bytes seal(std::span<std::uint8_t> memory, std::size_t at, std::size_t results, std::uint32_t xid,
                rpc::Bytes verifier, const Protected& how, gss::Protection& protection) {
  const gss::ResultRoom room = gss::result_room(how.service, results, protection);
  const std::size_t head = kHeadFixed + rpc::padded(verifier.size());
  const std::size_t body = at - room.head;
  const std::size_t end = at + results + room.tail;
  if (!gss::protect_results(how.service, how.seq, how.context->next_token_seq(), memory.subspan(body, end - body),
                            protection))
    return {};
  rpc::XdrWriter w(memory.subspan(body - head, head));
  w.u32(rpc::last_fragment_mark(static_cast<std::uint32_t>(end - (body - head) - 4)));
  write_head(w, xid, rpc::AuthFlavor::rpcsec_gss, verifier);
  w.u32(static_cast<std::uint32_t>(rpc::AcceptStat::success));
  return memory.subspan(body - head, end - (body - head));
}

}  // namespace

// Only results of SUCCESS are protected (RFC 2203 section 5.3.3.4).
bool Session::is_sealed(const rpc::ReplyHeader& reply, const Protected& how) {
  return is_sealed(how) && has_results(reply);
}

// A reply whose results must be whole before they go on, and are not here yet, reserves its bytes first.
Session::Step Session::reserve_reply(Link& link, const rpc::ReplyHeader& reply, const RecordReader::Item& item,
                                     CallTable::Place call) {
  if (gss_ == nullptr) return Step::done;  // nobody speaks RPCSEC_GSS here: nothing to look up
  if (!is_sealed(reply, call->how)) return Step::done;
  if (item.length % 4 != 0) {
    close(CloseReason::backend_malformed, link.backend->conf.name);
    return Step::wait;
  }
  if (item.complete) return Step::done;
  runtime::Waiter waiter = context_.waiter(id_);
  waiter.part = link.number + 1U;
  switch (guest_->gss_replies.take(item.length, waiter)) {
    case runtime::Reservations::Answer::taken: break;
    case runtime::Reservations::Answer::waits:
      counters().add(Count::waits_gss_bytes);
      link.waiting = true;
      return Step::wait;
    case runtime::Reservations::Answer::never:
      close(CloseReason::buffered_bytes, "a reply exceeds limits.gss_reply_bytes");
      return Step::wait;
  }
  const std::size_t results = item.length - results_at(reply);
  link.sealed.reserved = item.length;
  link.sealed.results.open(context_.buffers, results, kRoom, gss::kMaxResultTail, Gather::Memory::at_once);
  return Step::done;
}

// An accepted reply to a call of a context; in the clear its results become `nfs`.
void Session::relay_protected(Link& link, const rpc::ReplyHeader& reply, Outstanding call, NfsOutcome nfs,
                              const RecordReader::Item& item) {
  const Protected& how = call.how;
  if (is_sealed(reply, how)) {
    const rpc::Bytes here = item.bytes.subspan(results_at(reply));
    if (item.complete && here.size() <= kSmallResults) return seal_small(link, reply.xid, call, here);
    Gather& results = link.sealed.results;
    if (!results.active())
      results.open(context_.buffers, here.size(), kRoom, gss::kMaxResultTail, Gather::Memory::at_once);
    results.append(here);
    link.sealed.xid = reply.xid;
    link.sealed.call = std::move(call);
    if (item.complete) sealed_complete(link);
    return;
  }
  //= rfc2203#5.3.3.2
  //# a reply whose status is not SUCCESS goes on as usual behind its verifier
  //= rfc2203#5.3.3.2
  //# without integrity the results are as with AUTH_NONE
  gss::Verifier v;
  if (!verify_for(*how.context, how.seq, reply.xid, v)) {
    link.discarding = true;
    if (link.in.nfs != nullptr) link.in.nfs->abandon();
    return;
  }
  std::array<std::uint8_t, kMaxHead> head;
  rpc::XdrWriter w(std::span<std::uint8_t>(head).subspan(4));
  write_head(w, reply.xid, rpc::AuthFlavor::rpcsec_gss, v.view());
  send_reply(link, reply, std::span<std::uint8_t>(head).first(4 + w.size()), nfs, item);
}

// Sends the beginning of a reply in the clear behind the header up to its verifier, `marked_head`.
void Session::send_reply(Link& link, const rpc::ReplyHeader& reply, std::span<std::uint8_t> marked_head, NfsOutcome nfs,
                         const RecordReader::Item& item) {
  if (!item.complete) reply_owner_ = &link;
  std::array<std::uint8_t, kMaxHead + nfs::kSessionEnd> room;
  const std::size_t head = marked_head.size() + 4;
  rpc::copy_bytes(marked_head, room);
  rpc::XdrWriter(std::span<std::uint8_t>(room).subspan(marked_head.size(), 4))
      .u32(static_cast<std::uint32_t>(reply.accept_stat));
  send_body(client_sink_, room, head, item, results_at(reply), nfs, link.in);
}

// Results that are here whole, as the guest is to see them. False: the session was closed.
bool Session::rewrite_whole(Link& link, NfsNote& note, rpc::Bytes results, NfsPieces& out) {
  const NfsOutcome nfs = rewrite_results(link, note, results, results.size());
  if (closed_) return false;
  out = pieces_of(link.in, nfs, results);
  return true;
}

// Protects results in the batch itself.
void Session::seal_small(Link& link, std::uint32_t xid, Outstanding& call, rpc::Bytes results) {
  const Protected& how = call.how;
  gss::Verifier v;
  if (!verify_for(*how.context, how.seq, xid, v)) return;
  NfsPieces pieces;
  if (!rewrite_whole(link, call.nfs, results, pieces)) return;
  gss::Protection& protection = *how.context->lane(context_.thread);
  const gss::ResultRoom room = gss::result_room(how.service, pieces.size(), protection);
  const std::size_t at = kHeadFixed + rpc::padded(v.size) + room.head;
  context_.batch.to(client_sink_);
  const std::span<std::uint8_t> memory = context_.batch.room(at + pieces.size() + room.tail);
  pieces.copy_to(memory.subspan(at));
  if (link.in.nfs != nullptr) link.in.nfs->release();
  if (seal(memory, at, pieces.size(), xid, v.view(), how, protection).empty()) {
    context_.batch.discard();
    return close(CloseReason::gss_failed);
  }
  count_out(memory.size());
}

// The results that were collected are whole: protects and sends them.
void Session::sealed_complete(Link& link) {
  SealedReply& s = link.sealed;
  const Protected& how = s.call.how;
  gss::Verifier v;
  if (verify_for(*how.context, how.seq, s.xid, v)) {
    if (!rewrite_collected(link)) return;
    gss::Protection& protection = *how.context->lane(context_.thread);
    const std::size_t results = s.results.bytes().size();
    const rpc::Bytes record = seal(s.results.all(), kRoom, results, s.xid, v.view(), how, protection);
    if (record.empty()) return close(CloseReason::gss_failed);
    count_out(record.size());
    const auto from = static_cast<std::size_t>(record.data() - s.results.all().data());
    context_.batch.finish();
    client_sink_.send_owned(s.results.release(), from, from + record.size());
  }
  s.results.close();
  s.call = {};
  if (s.reserved > 0) guest_->gss_replies.give(std::exchange(s.reserved, 0));
}

// Changes the results that were collected, where they lie if their size stays. False: the session was closed.
bool Session::rewrite_collected(Link& link) {
  Gather& results = link.sealed.results;
  NfsPieces pieces;
  if (!rewrite_whole(link, link.sealed.call.nfs, results.bytes(), pieces)) return false;
  const std::span<std::uint8_t> now = results.bytes();
  if (pieces.size() == now.size()) {
    // `bulk` may be where it belongs already, or nothing; the others lie elsewhere, or are what is there.
    rpc::copy_bytes(pieces.head, now);
    rpc::copy_bytes(pieces.tail, now.last(pieces.tail.size()));
    if (link.in.nfs != nullptr) link.in.nfs->release();
    return true;
  }
  Gather other;
  other.open(context_.buffers, pieces.size(), kRoom, gss::kMaxResultTail, Gather::Memory::at_once);
  other.append(pieces.head);
  other.append(pieces.bulk);
  other.append(pieces.tail);
  results.close();
  results = std::move(other);
  link.in.nfs->release();
  return true;
}

// The results of a call that is answered here.
void Session::answer_results(std::uint32_t xid, const Protected& how, rpc::Bytes results) {
  gss::Verifier v;
  if (how.context != nullptr && !verify_for(*how.context, how.seq, xid, v)) return;
  Buffer memory = context_.buffers.get(kRoom + results.size() + gss::kMaxResultTail);
  std::memcpy(memory.memory.get() + kRoom, results.data(), results.size());
  rpc::Bytes record;
  if (how.context != nullptr && how.service != GssService::none) {
    record = seal(memory.all(), kRoom, results.size(), xid, v.view(), how, *how.context->lane(context_.thread));
  } else {
    const auto flavor = how.context != nullptr ? rpc::AuthFlavor::rpcsec_gss : rpc::AuthFlavor::none;
    const std::size_t head = kHeadFixed + rpc::padded(v.size);
    rpc::XdrWriter w(memory.all().subspan(kRoom - head, head));
    w.u32(rpc::last_fragment_mark(static_cast<std::uint32_t>(head - 4 + results.size())));
    write_head(w, xid, flavor, v.view());
    w.u32(static_cast<std::uint32_t>(rpc::AcceptStat::success));
    record = memory.all().subspan(kRoom - head, head + results.size());
  }
  if (record.empty()) {
    close(CloseReason::gss_failed);
  } else {
    answer(record);
  }
  context_.buffers.put(std::move(memory));
}

// Says of a call that its arguments cannot be read.
void Session::answer_garbage(std::uint32_t xid, const Protected& how) {
  gss::Verifier v;
  if (how.context != nullptr && !verify_for(*how.context, how.seq, xid, v)) return;
  rpc::OpaqueAuth verifier;
  if (how.context != nullptr) verifier = {static_cast<std::uint32_t>(rpc::AuthFlavor::rpcsec_gss), v.view()};
  rpc::RejectionBytes out;
  answer(rpc::write_rejection(xid, rpc::Rejection::of(rpc::Rejection::Kind::garbage_args), out, verifier));
}

}  // namespace gatehouse::session
