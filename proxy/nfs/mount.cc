#include "proxy/nfs/mount.h"

#include <algorithm>

#include "proxy/nfs/v3.h"

namespace gatehouse::nfs {
namespace {

constexpr std::uint32_t kMaxPath = 1024;  // MNTPATHLEN

bool is_plain(std::string_view path) {
  if (!path.starts_with('/') || path.find('\0') != std::string_view::npos) return false;
  for (std::size_t at = 1; at < path.size();) {
    const std::string_view part = path.substr(at, path.find('/', at) - at);
    if (part.empty() || part == "." || part == "..") return false;
    at += part.size() + 1;
  }
  return true;
}

bool is_below(std::string_view path, std::string_view allowed) {
  if (allowed == "/") return true;
  return path.starts_with(allowed) && (path.size() == allowed.size() || path[allowed.size()] == '/');
}

Rewritten done(const rpc::XdrWriter& w, std::size_t& size) {
  size = w.size();
  return w.ok() ? Rewritten::answered : Rewritten::no_room;
}

}  // namespace

bool path_allowed(const MountRules& rules, std::string_view path) {
  if (rules.paths.empty()) return true;
  return is_plain(path) &&
         std::ranges::any_of(rules.paths, [&](const std::string& allowed) { return is_below(path, allowed); });
}

std::size_t room_for_exports(std::span<const std::string> paths) {
  std::size_t room = 4;
  for (const std::string& p : paths) room += 12 + rpc::padded(p.size());
  return room;
}

Rewritten mount_call(const MountRules& rules, std::uint32_t procedure, rpc::Bytes in, std::span<std::uint8_t> out,
                     std::size_t& size) {
  rpc::XdrWriter w(out);
  if (procedure == kMountMnt) {
    rpc::XdrReader r(in);
    const std::string_view path = r.text(kMaxPath);
    if (!r.at_end()) return Rewritten::malformed;
    if (rules.handles && path_allowed(rules, path)) return Rewritten::same;
    w.u32(kMountAccess);
    return done(w, size);
  }
  if (procedure == kMountExport || procedure == kMountExportAll) {
    for (const std::string& p : rules.paths) {
      w.u32(1);
      w.text(p);
      w.u32(0);  // groups: none are told
    }
  } else if (procedure != kMountDump) {
    return Rewritten::same;
  }
  w.u32(0);
  return done(w, size);
}

}  // namespace gatehouse::nfs
