// Arguments and results of INIT and CONTINUE_INIT (RFC 2203 section 5.2.2 and 5.2.3.1).
#pragma once

#include <cstdint>
#include <optional>

#include "gss/body.h"
#include "gss/context.h"
#include "rpc/xdr.h"

namespace gatehouse::gss {

/// kMaxToken: the largest token that is given to an acceptor. Tickets with large authorization data reach 64 KiB.
inline constexpr std::uint32_t kMaxToken = 256U * 1024;
/// kMaxInitArgs: the arguments of a call that creates a context, at their largest.
inline constexpr std::uint32_t kMaxInitArgs = 4 + kMaxToken;

/// Major status values that this side makes itself.
//= rfc2203#A
//# a major status has the number that this appendix gives it
inline constexpr std::uint32_t kGssComplete = 0;
inline constexpr std::uint32_t kGssNoContext = 8U << 16;
inline constexpr std::uint32_t kGssDefectiveToken = 9U << 16;
inline constexpr std::uint32_t kGssFailure = 13U << 16;
inline constexpr std::uint32_t kGssUnauthorized = 15U << 16;

/// parse_init_args: the token, which may be empty, as a view of `args`; nothing when the arguments are not exactly one
/// opaque of at most kMaxToken bytes (GARBAGE_ARGS).
std::optional<rpc::Bytes> parse_init_args(rpc::Bytes args);

/// InitResult: what a creation request is answered with.
struct InitResult {
  rpc::Bytes handle;  ///< empty when it failed
  std::uint32_t major = kGssFailure;
  std::uint32_t minor = 0;
  std::uint32_t window = 0;
  rpc::Bytes token;  ///< empty when it failed
};
// A result whose major is not kGssComplete is sent with empty handle and token, window 0 and an AUTH_NONE verifier,
// whatever else is in it.

/// init_reply_size: bytes of the reply record without its mark.
std::size_t init_reply_size(const InitResult& result, rpc::Bytes verifier);
/// write_init_reply: the reply, accepted with success in every case; `verifier` is the MIC of the window, or empty
/// (AUTH_NONE) when the creation failed.
void write_init_reply(rpc::XdrWriter& w, std::uint32_t xid, const InitResult& result, rpc::Bytes verifier);

}  // namespace gatehouse::gss
