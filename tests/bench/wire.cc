#include "tests/bench/wire.h"

#include <array>
#include <cstring>
#include <string_view>

namespace gatehouse::bench {
namespace {

constexpr std::uint32_t kHandle = 32;  // bytes of the made-up file handle
constexpr std::string_view kMachine = "client01";
constexpr std::array<std::uint32_t, 5> kGroups{1000, 24, 27, 100, 1001};

// A period that is no power of two: bytes displaced by a whole buffer do not match.
constexpr std::size_t kPeriodWords = 8191;
constexpr std::size_t kPeriod = kPeriodWords * 8;

void push32(std::vector<std::uint8_t>& out, std::uint32_t value) {
  for (const int shift : {24, 16, 8, 0}) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

void push_credential(std::vector<std::uint8_t>& out) {
  push32(out, 1);  // AUTH_SYS
  push32(out, static_cast<std::uint32_t>(4 + 4 + kMachine.size() + 4 + 4 + 4 + 4 * kGroups.size()));
  push32(out, 0x5eed);
  push32(out, static_cast<std::uint32_t>(kMachine.size()));
  out.insert(out.end(), kMachine.begin(), kMachine.end());
  push32(out, 1000);
  push32(out, 1000);
  push32(out, static_cast<std::uint32_t>(kGroups.size()));
  for (const std::uint32_t group : kGroups) push32(out, group);
  push32(out, 0);  // verifier: AUTH_NONE
  push32(out, 0);
}

// Reader walks big-endian words; running past the end is remembered and checked once.
class Reader {
 public:
  Reader(Bytes bytes, std::size_t at) : bytes_(bytes), at_(at) {}
  std::uint32_t word() {
    if (failed_ || bytes_.size() - at_ < 4) return fail();
    at_ += 4;
    return get32(bytes_, at_ - 4);
  }
  void skip_opaque(std::uint32_t length) {
    const std::size_t padded = (std::size_t{length} + 3) / 4 * 4;
    if (failed_ || bytes_.size() - at_ < padded) {
      fail();
    } else {
      at_ += padded;
    }
  }
  std::size_t at() const { return at_; }
  bool failed() const { return failed_; }

 private:
  std::uint32_t fail() {
    failed_ = true;
    return 0;
  }
  Bytes bytes_;
  std::size_t at_;
  bool failed_ = false;
};

bool skip_auth_sys(Reader& in) {
  if (in.word() != 1) return false;
  const std::uint32_t length = in.word();
  const std::size_t begin = in.at();
  in.word();  // stamp
  const std::uint32_t name = in.word();
  if (name > 255) return false;
  in.skip_opaque(name);
  in.word();  // uid
  in.word();  // gid
  const std::uint32_t count = in.word();
  if (count > 16) return false;
  in.skip_opaque(count * 4);
  return !in.failed() && in.at() - begin == length;
}

AcceptStat parse_args(Reader& in, std::size_t record, CallView& call) {
  if (call.procedure == Procedure::null || call.procedure == Procedure::getattr) return AcceptStat::success;
  if (call.procedure != Procedure::read && call.procedure != Procedure::write) return AcceptStat::proc_unavail;
  const std::uint32_t handle = in.word();
  if (handle > 64) return AcceptStat::garbage_args;
  in.skip_opaque(handle);
  in.word();  // offset, two words
  in.word();
  const std::uint32_t count = in.word();
  bool sound = count <= kMaxPayload && count % 8 == 0;
  if (call.procedure == Procedure::write) {
    in.word();  // stable
    sound = sound && in.word() == count && in.at() + count == record;
  } else {
    sound = sound && in.at() == record;
  }
  if (in.failed() || !sound) return AcceptStat::garbage_args;
  call.payload = count;
  call.head = in.at();
  return AcceptStat::success;
}

// A refusal is shorter than any reply that is wanted: say what it is before complaining of its length.
const char* short_reply_fault(Bytes reply) {
  if (reply.size() >= 16 && get32(reply, 8) == 1 && get32(reply, 12) != 0) return "the call was denied";
  if (reply.size() >= kReplyHeader && get32(reply, 24) != 0) return "the call was accepted without success";
  return "the record is too short";
}

using Pattern = std::array<std::uint8_t, kPeriod>;

const Pattern& pattern() {
  static const Pattern bytes = [] {
    Pattern made{};
    for (std::uint64_t word = 0; word < kPeriodWords; ++word) {
      const std::uint64_t value = (word + 1) * 0x9e3779b97f4a7c15ULL;
      std::memcpy(&made[word * 8], &value, 8);
    }
    return made;
  }();
  return bytes;
}

}  // namespace

std::uint32_t get32(Bytes bytes, std::size_t at) {
  std::uint32_t word = 0;
  std::memcpy(&word, bytes.data() + at, 4);
  return __builtin_bswap32(word);
}

void put32(std::span<std::uint8_t> bytes, std::size_t at, std::uint32_t value) {
  const std::uint32_t word = __builtin_bswap32(value);
  std::memcpy(bytes.data() + at, &word, 4);
}

std::vector<std::uint8_t> make_call(Procedure procedure, std::uint32_t payload) {
  std::vector<std::uint8_t> call;
  push32(call, 0);  // record mark, set below
  push32(call, 0);  // xid, the caller's
  push32(call, 0);  // CALL
  push32(call, 2);
  push32(call, kProgram);
  push32(call, kVersion);
  push32(call, static_cast<std::uint32_t>(procedure));
  push_credential(call);
  push32(call, kHandle);
  for (std::uint32_t i = 0; i < kHandle; ++i) call.push_back(static_cast<std::uint8_t>(i));
  std::size_t length = 0;
  if (procedure == Procedure::read || procedure == Procedure::write) {
    push32(call, 0);
    push32(call, 0);
    push32(call, payload);
  }
  if (procedure == Procedure::write) {
    push32(call, 0);  // UNSTABLE
    push32(call, payload);
    length = payload;
  }
  length += call.size() - kMark;
  put32(call, 0, kLastFragment | static_cast<std::uint32_t>(length));
  return call;
}

CallFault parse_call(Bytes available, std::size_t record, CallView& call) {
  Reader in(available, 0);
  call = CallView{};
  call.xid = in.word();
  const std::uint32_t type = in.word();
  const std::uint32_t rpc_version = in.word();
  const std::uint32_t program = in.word();
  const std::uint32_t version = in.word();
  call.procedure = static_cast<Procedure>(in.word());
  if (in.failed() || type != 0 || rpc_version != 2) return CallFault::not_a_call;
  if (!skip_auth_sys(in)) return CallFault::bad_credential;
  const std::uint32_t verifier = in.word();
  if (in.word() != 0 || verifier != 0 || in.failed()) return CallFault::bad_verifier;
  const bool ours = program == kProgram && version == kVersion;
  call.head = record;
  call.verdict = ours ? parse_args(in, record, call) : AcceptStat::prog_unavail;
  return CallFault::none;
}

void append_reply(const CallView& call, std::vector<std::uint8_t>& out) {
  std::size_t size = kReplyHeader;
  std::uint32_t payload = 0;
  if (call.verdict == AcceptStat::success) {
    const bool read = call.procedure == Procedure::read;
    size = read ? kReadReplyHead : kSmallReply;
    payload = read ? call.payload : 0;
  }
  const std::size_t begin = out.size();
  out.resize(begin + size);  // zero: REPLY's reply_stat, verifier, NFS3_OK
  const std::span<std::uint8_t> reply(out.data() + begin, size);
  put32(reply, 0, kLastFragment | static_cast<std::uint32_t>(size - kMark + payload));
  put32(reply, 4, call.xid);
  put32(reply, 8, 1);  // REPLY
  put32(reply, 24, static_cast<std::uint32_t>(call.verdict));
  if (size == kSmallReply) put32(reply, kSmallReply - 4, ~call.xid);
  if (size == kReadReplyHead) {
    put32(reply, kReadReplyHead - 12, payload);  // count; the word after it, eof, stays false
    put32(reply, kReadReplyHead - 4, payload);   // length of the data
  }
}

const char* reply_fault(Bytes reply, std::uint32_t xid, Procedure procedure, std::uint32_t payload) {
  const bool read = procedure == Procedure::read;
  const std::size_t head = read ? kReadReplyHead : kSmallReply;
  const std::size_t length = head - kMark + (read ? payload : 0);
  if (reply.size() < head) return short_reply_fault(reply);
  if (get32(reply, 4) != xid) return "the xid is not the call's";
  if (get32(reply, 8) != 1) return "the message is not a reply";
  if (get32(reply, 12) != 0) return "the call was denied";
  if (get32(reply, 16) != 0 || get32(reply, 20) != 0) return "the verifier is not an empty AUTH_NONE";
  if (get32(reply, 24) != 0) return "the call was accepted without success";
  if (get32(reply, 0) != (kLastFragment | static_cast<std::uint32_t>(length))) return "the record has a wrong length";
  if (get32(reply, kReplyHeader) != 0) return "the NFS status is not NFS3_OK";
  if (!read) return get32(reply, kSmallReply - 4) == ~xid ? nullptr : "the result's last word is damaged";
  const bool counts = get32(reply, head - 12) == payload && get32(reply, head - 4) == payload;
  return counts ? nullptr : "the payload has a wrong length";
}

Bytes payload_at(std::size_t offset) {
  return Bytes(pattern()).subspan(offset % kPeriod);
}

bool payload_matches(std::size_t offset, Bytes chunk) {
  const std::size_t lead = (8 - offset % 8) % 8;
  if (chunk.size() < lead + 8) return true;
  const std::size_t last = lead + (chunk.size() - lead) / 8 * 8 - 8;
  for (const std::size_t at : {lead, last}) {
    if (std::memcmp(chunk.data() + at, payload_at(offset + at).data(), 8) != 0) return false;
  }
  return true;
}

}  // namespace gatehouse::bench
