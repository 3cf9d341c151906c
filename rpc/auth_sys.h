// The body of an AUTH_SYS credential (RFC 5531 appendix A).
#pragma once

#include <array>

#include "rpc/xdr.h"

namespace gatehouse::rpc {

inline constexpr std::uint32_t kMaxGids = 16;
inline constexpr std::uint32_t kMaxMachineName = 255;
/// kMaxAuthSysBody: stamp, a machine name of 255 bytes, uid, gid and 16 gids.
inline constexpr std::size_t kMaxAuthSysBody = 4 + 4 + 256 + 4 + 4 + 4 + 4 * kMaxGids;

/// AuthSys: authsys_parms. As parsed it is a claim: nothing in it is verified. `machine` views the message it was
/// parsed from.
struct AuthSys {
  std::uint32_t stamp = 0;
  std::string_view machine;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t gid_count = 0;
  std::array<std::uint32_t, kMaxGids> gids{};

  [[nodiscard]] std::span<const std::uint32_t> groups() const { return {gids.data(), gid_count}; }
};

/// parse_auth_sys: decodes a credential body, stricter than most servers: at most 16 gids, a machine name of at most
/// 255 bytes, and nothing left over. False: the claim is malformed (AUTH_BADCRED) and `out` is not to be used.
bool parse_auth_sys(Bytes body, AuthSys& out);

/// write_auth_sys: encodes `in`; at most kMaxAuthSysBody bytes when the limits above hold.
void write_auth_sys(XdrWriter& w, const AuthSys& in);

}  // namespace gatehouse::rpc
