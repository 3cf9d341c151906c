#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "gss/crypto/protection.h"
#include "tests/bench/initiator.h"
#include "tests/bench/wire.h"

// The client's side of RPCSEC_GSS (RFC 2203), written apart from the code under test but for the tokens of RFC 4121:
// those of libgssapi would make the load generator the bottleneck, and tests compare both.
namespace gatehouse::bench {

// Service is rpc_gss_service_t.
enum class Service : std::uint32_t { none = 1, integrity = 2, privacy = 3 };

// GssProc is rpc_gss_proc_t.
enum class GssProc : std::uint32_t { data = 0, init = 1, destroy = 3 };

// GssContext is an established context as its client knows it. One thread; many connections may use one.
struct GssContext {
  std::vector<std::uint8_t> handle;
  std::unique_ptr<gss::Protection> protection;
  std::uint32_t enctype = 0;
  std::uint64_t token_seq = 0;  // of the next token
  std::uint32_t seq = 0;        // of the newest call
};

// push_init appends a whole INIT call.
void push_init(std::vector<std::uint8_t>& out, std::uint32_t xid, Bytes token);

// take_init_reply makes the context of the reply to an INIT. The window's MIC is verified. `pending` is spent.
std::expected<GssContext, std::string> take_init_reply(Bytes reply, std::uint32_t xid, Initiator& initiator,
                                                       Pending& pending);

// push_head appends a record mark to be set, the header of a call with the context's next sequence number, and its
// verifier. False: OpenSSL failed.
bool push_head(std::vector<std::uint8_t>& out, std::uint32_t xid, Procedure procedure, GssProc proc, Service service,
               GssContext& context);

// verified_head_size returns how much of a reply is its header when all is well; verified_head_fault says what is wrong
// with it: `head` holds that much, or all of a shorter reply; `seq` is what the call had.
std::size_t verified_head_size(const GssContext& context);
const char* verified_head_fault(Bytes head, std::uint32_t xid, std::uint32_t seq, GssContext& context);

}  // namespace gatehouse::bench
