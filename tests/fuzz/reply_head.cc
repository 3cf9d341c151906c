// The reply header: as call_head.cc; a header encoded again from its parts is the one that was parsed, and the
// gateway's own rejections parse as what they say.
#include "rpc/reply.h"

#include <algorithm>
#include <array>

#include "rpc/record.h"
#include "tests/fuzz/target.h"

namespace {

using namespace gatehouse;
using fuzz::expect;
using rpc::Bytes;
using rpc::HeadStatus;
using rpc::Rejection;
using rpc::ReplyHeader;

bool same(const ReplyHeader& a, const ReplyHeader& b) {
  if (a.xid != b.xid || a.denied != b.denied) return false;
  if (a.denied) return a.reject_stat == b.reject_stat && a.auth_stat == b.auth_stat;
  return a.verf.flavor == b.verf.flavor && std::ranges::equal(a.verf.body, b.verf.body) && a.verf_end == b.verf_end &&
         a.accept_stat == b.accept_stat;
}

void check_prefixes(Bytes message, HeadStatus status, const ReplyHeader& whole) {
  const std::size_t longest = std::min<std::size_t>(message.size(), rpc::kMaxReplyHeader + 8);
  bool decided = false;
  for (std::size_t n = 0; n <= longest; ++n) {
    ReplyHeader part;
    const HeadStatus s = rpc::parse_reply_head(message.first(n), false, part);
    if (s == HeadStatus::need_more) {
      expect(!decided, "what was decided stays decided when more comes");
      expect(n < rpc::kMaxReplyHeader, "no header is longer than kMaxReplyHeader");
      continue;
    }
    decided = true;
    expect(s == status && (s != HeadStatus::ok || same(part, whole)), "a part says what the whole says");
  }
}

// Nothing that may still come can make a header longer than kMaxReplyHeader: then it is decided.
void check_decided(Bytes message) {
  std::array<std::uint8_t, 2 * rpc::kMaxReplyHeader> memory{};
  std::ranges::copy(message.first(std::min<std::size_t>(message.size(), rpc::kMaxReplyHeader)), memory.begin());
  ReplyHeader any;
  expect(rpc::parse_reply_head(memory, false, any) != HeadStatus::need_more, "kMaxReplyHeader bytes decide");
}

// The header encoded from its parts; the bytes of the message must be these, but for padding, which is not looked at.
void check_encoding(Bytes message, const ReplyHeader& reply) {
  std::array<std::uint8_t, rpc::kMaxReplyHeader> memory{};
  rpc::XdrWriter w(memory);
  w.u32(reply.xid);
  w.u32(rpc::kReply);
  w.u32(reply.denied ? rpc::kMsgDenied : rpc::kMsgAccepted);
  if (reply.denied) {
    w.u32(static_cast<std::uint32_t>(reply.reject_stat));
    if (reply.reject_stat == rpc::RejectStat::auth_error) w.u32(reply.auth_stat);
  } else {
    w.u32(reply.verf.flavor);
    w.opaque(reply.verf.body);
    expect(w.size() == reply.verf_end, "verf_end is where accept_stat begins");
    w.u32(static_cast<std::uint32_t>(reply.accept_stat));
  }
  expect(w.ok() && w.size() <= message.size(), "kMaxReplyHeader holds every header");
  const std::size_t padding_from = reply.denied ? w.size() : 20 + reply.verf.body.size();
  const std::size_t padding_to = reply.denied ? w.size() : reply.verf_end;
  for (std::size_t i = 0; i < w.size(); ++i)
    if (i < padding_from || i >= padding_to) expect(w.written()[i] == message[i], "the same bytes");
}

void check_rejection(std::uint32_t xid, const Rejection& why) {
  rpc::RejectionBytes memory;
  const Bytes record = rpc::write_rejection(xid, why, memory);
  expect(rpc::XdrReader(record).u32() == rpc::last_fragment_mark(static_cast<std::uint32_t>(record.size() - 4)),
         "a rejection is one record");
  ReplyHeader back;
  expect(rpc::parse_reply_head(record.subspan(4), true, back) == HeadStatus::ok, "a rejection parses");
  expect(back.xid == xid, "and answers its call");
  if (why.kind == Rejection::Kind::auth_error)
    expect(back.denied && back.auth_stat == static_cast<std::uint32_t>(why.auth_stat), "with its auth_stat");
  else if (why.kind != Rejection::Kind::rpc_mismatch)
    expect(!back.denied && back.verf.is_empty_none(), "with an empty verifier");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes message(data, size);
  ReplyHeader whole;
  const HeadStatus status = rpc::parse_reply_head(message, true, whole);
  expect(status == HeadStatus::ok || status == HeadStatus::not_a_call || status == HeadStatus::bad_verf ||
             status == HeadStatus::malformed,
         "only the statuses that the header file names");
  check_prefixes(message, status, whole);
  check_decided(message);
  if (status == HeadStatus::ok) {
    expect(fuzz::inside(whole.verf.body, message), "the verifier lies in the message");
    check_encoding(message, whole);
  }
  if (size >= 8) {
    const auto kind = static_cast<Rejection::Kind>(data[4] % 7);
    check_rejection(rpc::XdrReader(message).u32(), {kind, static_cast<rpc::AuthStat>(data[5]), data[6], data[7]});
  }
  return 0;
}
