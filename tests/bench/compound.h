#pragma once

#include <expected>
#include <string>
#include <vector>

#include "tests/bench/net.h"
#include "tests/bench/wire.h"

// The COMPOUND of NFSv4.2 that the benchmark speaks (RFC 8881, RFC 7862): SEQUENCE, PUTFH and GETATTR, which is what a
// client's smallest calls are; and PUTROOTFH with GETFH, to learn a handle as it is shown. Calls of a session and a
// handle that the server knows; results have the size of NFSv3's small reply.
namespace gatehouse::bench {

inline constexpr std::uint32_t kCompoundVersion = 4;

// make_compound_call returns a call by AUTH_SYS, sent as `version`, with the handle as it was shown. The xid is for the
// caller to set.
std::vector<std::uint8_t> make_compound_call(std::uint32_t version, Bytes handle);

// learn_handle asks the server at `target` for its handle, as it is shown on this way.
std::expected<std::vector<std::uint8_t>, std::string> learn_handle(const Address& target, std::uint32_t version);

// parse_compound reads arguments; false: they are neither of the two COMPOUNDs, or the handle is not the server's.
bool parse_compound(Bytes arguments, CallView& call);

// append_compound_reply adds the reply's record to `out`.
void append_compound_reply(const CallView& call, std::vector<std::uint8_t>& out);

// compound_fault returns nullptr when the results, whole, show the session that the calls are of.
const char* compound_fault(Bytes results);

}  // namespace gatehouse::bench
