#include "tests/bench/compound.h"

#include <algorithm>
#include <cstring>

#include "tests/bench/ask.h"

namespace gatehouse::bench {
namespace {

// Operations, RFC 8881 section 16.2.
constexpr std::uint32_t kGetattr = 9;
constexpr std::uint32_t kGetfh = 10;
constexpr std::uint32_t kPutfh = 22;
constexpr std::uint32_t kPutrootfh = 24;
constexpr std::uint32_t kSequence = 53;
constexpr std::uint32_t kMinor = 2;

constexpr std::array<std::uint8_t, 16> kSession = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
constexpr std::array<std::uint8_t, 32> kHandle = {0x47, 0x48, 1, 2, 3};
constexpr std::uint32_t kAttributes = 16;  // bytes of values; the last word is the reply's
constexpr std::size_t kSessionAt = 12;     // of SEQUENCE in the arguments behind its number; results: behind its status
constexpr std::size_t kHandleAt = 12 + 36 + 8;
constexpr std::size_t kShownAt = 12 + 8 + 12;  // of GETFH's handle in the results

void push_bytes(std::vector<std::uint8_t>& out, Bytes bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

std::vector<std::uint8_t> begin_call(std::uint32_t version) {
  std::vector<std::uint8_t> call;
  push_call(call, 0, Procedure::getattr, version);
  push_auth_sys(call);
  return call;
}

}  // namespace

std::vector<std::uint8_t> make_compound_call(std::uint32_t version, Bytes handle) {
  std::vector<std::uint8_t> call = begin_call(version);
  push(call, {0, kMinor, 3, kSequence});
  push_bytes(call, kSession);
  push(call, {1, 0, 0, 0, kPutfh, static_cast<std::uint32_t>(handle.size())});
  push_bytes(call, handle);
  push(call, {kGetattr, 1, 0x18});
  set_mark(call, 0);
  return call;
}

std::expected<std::vector<std::uint8_t>, std::string> learn_handle(const Address& target, std::uint32_t version) {
  const auto fd = connect_to(target);
  if (!fd) return std::unexpected(fd.error());
  std::vector<std::uint8_t> call = begin_call(version);
  push(call, {0, kMinor, 2, kPutrootfh, kGetfh});
  set_mark(call, 0);
  put32(call, kMark, 1);
  const auto reply = ask(*fd, call);
  if (!reply) return std::unexpected(reply.error());
  if (const char* fault = envelope_fault(*reply, 1)) return std::unexpected(fault);
  const std::size_t at = kReplyHeader + kShownAt;
  if (reply->size() < at || get32(*reply, kReplyHeader) != 0) return std::unexpected("the results have no handle");
  const std::uint32_t size = get32(*reply, at - 4);
  if (size != reply->size() - at || size % 4 != 0) return std::unexpected("the handle has a wrong length");
  return std::vector<std::uint8_t>(reply->begin() + static_cast<std::ptrdiff_t>(at), reply->end());
}

bool parse_compound(Bytes arguments, CallView& call) {
  if (arguments.size() < 20) return false;
  if (get32(arguments, 12) == kPutrootfh && get32(arguments, 16) == kGetfh) {
    call.compound.kind = Compound::Kind::handle;
    return true;
  }
  if (arguments.size() < kHandleAt + kHandle.size() || get32(arguments, 12) != kSequence) return false;
  call.compound.kind = Compound::Kind::getattr;
  std::memcpy(call.compound.session.data(), arguments.data() + kSessionAt + 4, call.compound.session.size());
  return get32(arguments, kHandleAt - 4) == kHandle.size() &&
         std::ranges::equal(arguments.subspan(kHandleAt, kHandle.size()), kHandle);
}

void append_compound_reply(const CallView& call, std::vector<std::uint8_t>& out) {
  const std::size_t begin = out.size();
  push(out, {0, call.xid, 1, 0, 0, 0, 0});
  if (call.compound.kind == Compound::Kind::handle) {
    push(out, {0, 0, 2, kPutrootfh, 0, kGetfh, 0, static_cast<std::uint32_t>(kHandle.size())});
    push_bytes(out, kHandle);
  } else {
    push(out, {0, 0, 3, kSequence, 0});
    push_bytes(out, call.compound.session);
    push(out, {1, 0, 0, 0, 0, kPutfh, 0, kGetattr, 0, 1, 0x18, kAttributes, 0, 0, 0, ~call.xid});
  }
  set_mark(std::span(out).subspan(begin), 0);
}

const char* compound_fault(Bytes results) {
  const Bytes session = results.subspan(kSessionAt + 8, kSession.size());
  return std::ranges::equal(session, kSession) ? nullptr : "the session id is not the call's";
}

}  // namespace gatehouse::bench
