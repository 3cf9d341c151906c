// Replies to calls with RPCSEC_GSS credentials: verifier and protection put on.
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

// Only results of SUCCESS are protected (RFC 2203 section 5.3.3.4).
bool is_sealed(const rpc::ReplyHeader& reply, const Protected& how) {
  return how.context != nullptr && how.service != GssService::none && !reply.denied &&
         reply.accept_stat == rpc::AcceptStat::success;
}

std::size_t results_at(const rpc::ReplyHeader& reply) {
  return reply.verf_end + 4;
}

void write_head(rpc::XdrWriter& w, std::uint32_t xid, rpc::Bytes verifier) {
  w.u32(xid);
  w.u32(rpc::kReply);
  w.u32(rpc::kMsgAccepted);
  rpc::write_auth(w, rpc::AuthFlavor::rpcsec_gss, verifier);
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
  write_head(w, xid, verifier);
  w.u32(static_cast<std::uint32_t>(rpc::AcceptStat::success));
  return memory.subspan(body - head, end - (body - head));
}

}  // namespace

// A reply whose results must be whole before they go on, and are not here yet, reserves its bytes first.
Session::Step Session::reserve_reply(Link& link, const rpc::ReplyHeader& reply, const RecordReader::Item& item) {
  if (gss_ == nullptr) return Step::done;  // nobody speaks RPCSEC_GSS here: nothing to look up
  const Protected* const how = calls_.find(reply.xid, link.index);
  if (how == nullptr || !is_sealed(reply, *how)) return Step::done;
  if (item.length % 4 != 0) {
    close(CloseReason::backend_malformed, link.backend.conf.name);
    return Step::wait;
  }
  if (item.complete) return Step::done;
  runtime::Waiter waiter = context_.waiter(id_);
  waiter.part = link.index + 1U;
  switch (guest_.gss_replies.take(item.length, waiter)) {
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

// An accepted reply to a call of `how`'s context.
void Session::relay_protected(Link& link, const rpc::ReplyHeader& reply, Protected how,
                              const RecordReader::Item& item) {
  if (is_sealed(reply, how)) {
    const rpc::Bytes here = item.bytes.subspan(results_at(reply));
    if (item.complete && here.size() <= kSmallResults) return seal_small(reply.xid, how, here);
    Gather& results = link.sealed.results;
    if (!results.active())
      results.open(context_.buffers, here.size(), kRoom, gss::kMaxResultTail, Gather::Memory::at_once);
    results.append(here);
    link.sealed.xid = reply.xid;
    link.sealed.how = std::move(how);
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
    return;
  }
  if (!item.complete) reply_owner_ = &link;
  std::array<std::uint8_t, kMaxHead> head;
  rpc::XdrWriter w(std::span<std::uint8_t>(head).subspan(4));
  write_head(w, reply.xid, v.view());
  send_record(client_sink_, std::span<std::uint8_t>(head).first(4 + w.size()), item, reply.verf_end);
}

// Protects results in the batch itself.
void Session::seal_small(std::uint32_t xid, const Protected& how, rpc::Bytes results) {
  gss::Verifier v;
  if (!verify_for(*how.context, how.seq, xid, v)) return;
  gss::Protection& protection = *how.context->lane(context_.thread);
  const gss::ResultRoom room = gss::result_room(how.service, results.size(), protection);
  const std::size_t at = kHeadFixed + rpc::padded(v.size) + room.head;
  context_.batch.to(client_sink_);
  const std::span<std::uint8_t> memory = context_.batch.room(at + results.size() + room.tail);
  if (!results.empty()) std::memcpy(memory.data() + at, results.data(), results.size());
  if (seal(memory, at, results.size(), xid, v.view(), how, protection).empty()) {
    context_.batch.discard();
    return close(CloseReason::gss_failed);
  }
  counters().add(Count::bytes_out, memory.size());
}

// The results that were collected are whole: protects and sends them.
void Session::sealed_complete(Link& link) {
  SealedReply& s = link.sealed;
  gss::Verifier v;
  if (verify_for(*s.how.context, s.how.seq, s.xid, v)) {
    gss::Protection& protection = *s.how.context->lane(context_.thread);
    const std::size_t results = s.results.bytes().size();
    const rpc::Bytes record = seal(s.results.all(), kRoom, results, s.xid, v.view(), s.how, protection);
    if (record.empty()) return close(CloseReason::gss_failed);
    counters().add(Count::bytes_out, record.size());
    const auto from = static_cast<std::size_t>(record.data() - s.results.all().data());
    context_.batch.finish();
    client_sink_.send_owned(s.results.release(), from, from + record.size());
  }
  s.results.close();
  s.how = {};
  if (s.reserved > 0) guest_.gss_replies.give(std::exchange(s.reserved, 0));
}

}  // namespace gatehouse::session
