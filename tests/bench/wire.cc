#include "tests/bench/wire.h"

#include <array>
#include <cstring>
#include <string_view>

#include "tests/bench/compound.h"

namespace gatehouse::bench {
namespace {

constexpr std::uint32_t kHandle = 32;  // bytes of the made-up file handle
constexpr std::string_view kMachine = "client01";
constexpr std::array<std::uint32_t, 5> kGroups{1000, 24, 27, 100, 1001};

const char* denial(Bytes reply) {
  if (get32(reply, 16) != 1) return "the call was denied: RPC_MISMATCH";
  switch (get32(reply, 20)) {
    case 1: return "the call was denied: AUTH_BADCRED";
    case 2: return "the call was denied: AUTH_REJECTEDCRED";
    case 3: return "the call was denied: AUTH_BADVERF";
    case 5: return "the call was denied: AUTH_TOOWEAK";
    case 13: return "the call was denied: RPCSEC_GSS_CREDPROBLEM";
    case 14: return "the call was denied: RPCSEC_GSS_CTXPROBLEM";
    default: return "the call was denied: AUTH_ERROR";
  }
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

void push(std::vector<std::uint8_t>& out, std::initializer_list<std::uint32_t> words) {
  std::size_t at = out.size();
  out.resize(at + 4 * words.size());
  for (const std::uint32_t word : words) {
    put32(out, at, word);
    at += 4;
  }
}

void push32(std::vector<std::uint8_t>& out, std::uint32_t value) {
  push(out, {value});
}

void push_auth_sys(std::vector<std::uint8_t>& out) {
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

void push_call(std::vector<std::uint8_t>& out, std::uint32_t xid, Procedure procedure, std::uint32_t version) {
  // The record mark is set by set_mark; 0 is CALL, 2 the version of RPC.
  push(out, {0, xid, 0, 2, kProgram, version, static_cast<std::uint32_t>(procedure)});
}

void push_arguments(std::vector<std::uint8_t>& out, Procedure procedure, std::uint32_t payload) {
  push32(out, kHandle);
  for (std::uint32_t i = 0; i < kHandle; ++i) out.push_back(static_cast<std::uint8_t>(i));
  if (procedure != Procedure::read && procedure != Procedure::write) return;
  push32(out, 0);
  push32(out, 0);
  push32(out, payload);
  if (procedure == Procedure::read) return;
  push32(out, 0);  // UNSTABLE
  push32(out, payload);
}

void set_mark(std::span<std::uint8_t> record, std::size_t more) {
  put32(record, 0, kLastFragment | static_cast<std::uint32_t>(record.size() - kMark + more));
}

std::vector<std::uint8_t> make_call(Procedure procedure, std::uint32_t payload) {
  std::vector<std::uint8_t> call;
  push_call(call, 0, procedure);
  push_auth_sys(call);
  push_arguments(call, procedure, payload);
  set_mark(call, procedure == Procedure::write ? payload : 0);
  return call;
}

std::size_t results_size(Procedure procedure) {
  return procedure == Procedure::read ? kReadReplyHead - kReplyHeader : kSmallReply - kReplyHeader;
}

void put_results(std::span<std::uint8_t> results, std::uint32_t xid, Procedure procedure, std::uint32_t payload) {
  if (procedure != Procedure::read) return put32(results, results.size() - 4, ~xid);
  put32(results, results.size() - 12, payload);  // count; the word after it, eof, stays false
  put32(results, results.size() - 4, payload);   // length of the data
}

void append_reply(const CallView& call, std::vector<std::uint8_t>& out) {
  const bool success = call.verdict == AcceptStat::success;
  if (success && call.compound.kind != Compound::Kind::none) return append_compound_reply(call, out);
  const bool read = success && call.procedure == Procedure::read;
  const std::size_t begin = out.size();
  out.resize(begin + kReplyHeader + (success ? results_size(call.procedure) : 0));  // zero: accepted, NFS3_OK
  const std::span<std::uint8_t> reply(out.data() + begin, out.size() - begin);
  set_mark(reply, read ? call.payload : 0);
  put32(reply, 4, call.xid);
  put32(reply, 8, 1);  // REPLY
  put32(reply, 24, static_cast<std::uint32_t>(call.verdict));
  if (success) put_results(reply.subspan(kReplyHeader), call.xid, call.procedure, call.payload);
}

const char* envelope_fault(Bytes reply, std::uint32_t xid) {
  if (get32(reply, 4) != xid) return "the xid is not the call's";
  if (get32(reply, 8) != 1) return "the message is not a reply";
  return get32(reply, 12) != 0 ? denial(reply) : nullptr;
}

const char* results_fault(Bytes results, std::uint32_t xid, Procedure procedure, std::uint32_t payload) {
  const std::size_t size = results_size(procedure);
  if (results.size() < size) return "the record is too short";
  if (get32(results, 0) != 0) return "the NFS status is not NFS3_OK";
  if (procedure != Procedure::read) {
    return get32(results, size - 4) == ~xid ? nullptr : "the result's last word is damaged";
  }
  const bool counts = get32(results, size - 12) == payload && get32(results, size - 4) == payload;
  return counts ? nullptr : "the payload has a wrong length";
}

const char* reply_fault(Bytes reply, std::uint32_t xid, Procedure procedure, std::uint32_t payload) {
  if (const char* fault = envelope_fault(reply, xid)) return fault;
  if (reply.size() < kReplyHeader) return "the record is too short";
  if (get32(reply, 16) != 0 || get32(reply, 20) != 0) return "the verifier is not an empty AUTH_NONE";
  if (get32(reply, 24) != 0) return "the call was accepted without success";
  const std::size_t length =
      kReplyHeader - kMark + results_size(procedure) + (procedure == Procedure::read ? payload : 0);
  if (get32(reply, 0) != (kLastFragment | static_cast<std::uint32_t>(length))) return "the record has a wrong length";
  return results_fault(reply.subspan(kReplyHeader), xid, procedure, payload);
}

}  // namespace gatehouse::bench
