#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

// The few RPC and NFSv3 shapes the benchmark speaks (RFC 5531, RFC 1813), written apart from the code under test.
namespace gatehouse::bench {

inline constexpr std::uint32_t kLastFragment = 0x80000000U;
inline constexpr std::uint32_t kProgram = 100003;
inline constexpr std::uint32_t kVersion = 3;

// Procedure is what the server answers: NULL and GETATTR alike with a small reply.
enum class Procedure : std::uint32_t { null = 0, getattr = 1, read = 6, write = 7 };

// AcceptStat is RFC 5531's accept_stat, as far as the server uses it.
enum class AcceptStat : std::uint32_t { success = 0, prog_unavail = 1, proc_unavail = 3, garbage_args = 4 };

// Sizes in bytes of whole records with AUTH_SYS, record mark included. A READ reply's head is all that stands before
// its payload. No reply is smaller than kLeastReply, a denial.
inline constexpr std::size_t kMark = 4;
inline constexpr std::size_t kLeastReply = 24;
inline constexpr std::size_t kReplyHeader = 28;
inline constexpr std::size_t kSmallReply = 128;
inline constexpr std::size_t kReadReplyHead = kReplyHeader + 104;
inline constexpr std::size_t kCallHeadMax = 512;
inline constexpr std::uint32_t kMaxPayload = 16U << 20;

using Bytes = std::span<const std::uint8_t>;

// get32 reads a big-endian word; the caller has made sure that four bytes are there.
std::uint32_t get32(Bytes bytes, std::size_t at);

// put32 writes a big-endian word in place; push32 appends one, push some.
void put32(std::span<std::uint8_t> bytes, std::size_t at, std::uint32_t value);
void push32(std::vector<std::uint8_t>& out, std::uint32_t value);
void push(std::vector<std::uint8_t>& out, std::initializer_list<std::uint32_t> words);

// push_call appends a record mark to be set and a call's header up to its procedure.
void push_call(std::vector<std::uint8_t>& out, std::uint32_t xid, Procedure procedure,
               std::uint32_t version = kVersion);

// push_auth_sys appends an AUTH_SYS credential, uid 1000 and five groups, and an empty verifier.
void push_auth_sys(std::vector<std::uint8_t>& out);

// push_arguments appends the arguments, without WRITE's payload. `payload` is READ's count or WRITE's length.
void push_arguments(std::vector<std::uint8_t>& out, Procedure procedure, std::uint32_t payload);

// set_mark writes the record mark: `record` (mark included) and `more` bytes after it are one fragment, the last.
void set_mark(std::span<std::uint8_t> record, std::size_t more);

// make_call returns a call (record mark included) with AUTH_SYS credential, uid 1000 and five groups: 128 bytes for
// GETATTR. WRITE's payload is not included but counted in the record mark. The xid at offset kMark is for the caller to
// set.
std::vector<std::uint8_t> make_call(Procedure procedure, std::uint32_t payload);

// Compound is what the server needs of a COMPOUND (compound.h), which procedure 1 may be.
struct Compound {
  enum class Kind { none, getattr, handle };
  Kind kind = Kind::none;
  std::array<std::uint8_t, 16> session{};  // of SEQUENCE
};

// CallView is what the server needs of a call. A null-like procedure has payload 0.
struct CallView {
  std::uint32_t xid = 0;
  Procedure procedure = Procedure::null;
  AcceptStat verdict = AcceptStat::success;
  std::uint32_t payload = 0;  // READ: bytes wanted; WRITE: bytes that follow the head
  std::size_t head = 0;       // bytes of the record before WRITE's payload, without the record mark
  Compound compound;
};

// CallFault says why the bytes are no call that deserves an answer.
enum class CallFault { none, not_a_call, bad_credential, bad_verifier };

// parse_call reads a call's head (without its record mark). `available` holds the whole record, or at least the first
// kCallHeadMax bytes of it; `record` is the record's length. A well-formed call that cannot be served has a verdict.
CallFault parse_call(Bytes available, std::size_t record, CallView& call);

// parse_arguments reads the arguments, at `at` of `available`, of call.procedure, and sets the payload and head.
AcceptStat parse_arguments(Bytes available, std::size_t at, std::size_t record, CallView& call);

// results_size returns the bytes of successful results, without READ's payload, which follows them.
std::size_t results_size(Procedure procedure);

// put_results writes successful results into zeroed bytes, results_size() of them.
void put_results(std::span<std::uint8_t> results, std::uint32_t xid, Procedure procedure, std::uint32_t payload);

// append_reply adds the reply's record (without READ's payload, which follows it) to `out`.
void append_reply(const CallView& call, std::vector<std::uint8_t>& out);

// reply_head_size returns how many bytes of an AUTH_SYS reply to the procedure reply_fault wants to see.
constexpr std::size_t reply_head_size(Procedure procedure) {
  return procedure == Procedure::read ? kReadReplyHead : kSmallReply;
}

// envelope_fault returns nullptr when `reply` (mark included, at least kLeastReply bytes) accepts the call with the
// xid.
const char* envelope_fault(Bytes reply, std::uint32_t xid);

// results_fault returns nullptr when `results` begins with the right results.
const char* results_fault(Bytes results, std::uint32_t xid, Procedure procedure, std::uint32_t payload);

// reply_fault returns nullptr when `reply` (mark included) is the successful reply to the AUTH_SYS call, else what is
// wrong with it. `reply` holds the first reply_head_size bytes, fewer only if the record is shorter; kLeastReply at
// least.
const char* reply_fault(Bytes reply, std::uint32_t xid, Procedure procedure, std::uint32_t payload);

// payload_at returns pattern bytes that continue the payload from `offset` on; at least 8 bytes, at most one period.
Bytes payload_at(std::size_t offset);

// append_payload adds the first `payload` pattern bytes to `out`.
void append_payload(std::uint32_t payload, std::vector<std::uint8_t>& out);

// payload_matches spot-checks `chunk`, found at `offset` of a payload: its first and last whole words.
bool payload_matches(std::size_t offset, Bytes chunk);

}  // namespace gatehouse::bench
