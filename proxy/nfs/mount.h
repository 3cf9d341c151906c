// What the gateway answers itself of MOUNT (RFC 1813 appendix I, RFC 1094 appendix A): which paths a guest may mount,
// and what it is told of others.
#pragma once

#include <span>
#include <string>

#include "proxy/nfs/rewrite.h"

namespace gatehouse::nfs {

/// kMountDump, kMountExport, kMountExportAll: procedures of MOUNT; the last is of versions 1 and 2.
inline constexpr std::uint32_t kMountDump = 2;
inline constexpr std::uint32_t kMountExport = 5;
inline constexpr std::uint32_t kMountExportAll = 6;

/// kMountAccess: MNT3ERR_ACCES, and EACCES of the versions before.
inline constexpr std::uint32_t kMountAccess = 13;

/// MountRules: `paths` are absolute, without "." and ".."; empty: the server decides. `handles`: whether MNT of the
/// version may give handles (they can be bound in version 3 alone).
struct MountRules {
  std::span<const std::string> paths;
  bool handles = true;
};

/// path_allowed: whether `path`, as MNT names it, is one of the rules' paths or lies below one. A path with empty
/// components (but at its end), "." or "..", or with a NUL byte lies nowhere: servers read it in ways of their own.
bool path_allowed(const MountRules& rules, std::string_view path);

/// room_for_exports: bytes that mount_call needs for the answer to EXPORT.
std::size_t room_for_exports(std::span<const std::string> paths);

/// mount_call: MNT of a path that is not allowed, and DUMP and EXPORT, which tell of other hosts, are answered: DUMP by
/// an empty list, EXPORT by the rules' paths. same, answered, malformed, no_room; `size` bytes are in `out`.
Rewritten mount_call(const MountRules& rules, std::uint32_t procedure, rpc::Bytes in, std::span<std::uint8_t> out,
                     std::size_t& size);

}  // namespace gatehouse::nfs
