// The body of an RPCSEC_GSS credential (RFC 2203 section 5), which is the same in versions 1, 2 and 3.
#pragma once

#include "rpc/xdr.h"

namespace gatehouse::rpc {

inline constexpr std::uint32_t kGssVersion1 = 1;
/// kMaxGssSeq: MAXSEQ of RFC 2203: sequence numbers of calls stay below it.
inline constexpr std::uint32_t kMaxGssSeq = 0x80000000U;

/// GssProc: rpc_gss_proc_t of version 1. Any other number is not one of these.
enum class GssProc : std::uint32_t { data = 0, init = 1, continue_init = 2, destroy = 3 };
/// GssService: rpc_gss_service_t of version 1. Any other number is not one of these.
enum class GssService : std::uint32_t { none = 1, integrity = 2, privacy = 3 };

/// GssCred: a credential body as presented: nothing in it is verified and the numbers may be any. `handle` views the
/// message it was parsed from.
struct GssCred {
  std::uint32_t version = 0;
  std::uint32_t proc = 0;
  std::uint32_t seq = 0;
  std::uint32_t service = 0;
  Bytes handle;

  [[nodiscard]] bool is(GssProc p) const { return proc == static_cast<std::uint32_t>(p); }
};

/// parse_gss_cred: decodes a credential body: the handle and its padding end where the body ends. False: malformed
/// (AUTH_BADCRED), and only `version` may be looked at: it is 0 when not even that was there.
bool parse_gss_cred(Bytes body, GssCred& out);

/// write_gss_cred: encodes `in`.
void write_gss_cred(XdrWriter& w, const GssCred& in);

}  // namespace gatehouse::rpc
