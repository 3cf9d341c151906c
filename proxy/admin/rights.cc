#include "proxy/admin/rights.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace gatehouse::admin {
namespace {

constexpr std::size_t kUsualGroups = 64;
constexpr std::size_t kMostGroups = 65536;  // NGROUPS_MAX

// False: the kernel does not say, and nobody is let in by a guess.
bool read_groups(int fd, std::vector<std::uint32_t>& out) {
  out.resize(kUsualGroups);
  for (;;) {
    socklen_t size = static_cast<socklen_t>(out.size() * sizeof out[0]);
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, out.data(), &size) == 0) {
      out.resize(size / sizeof out[0]);
      return true;
    }
    // ERANGE: `size` is what it takes.
    const std::size_t wanted = size / sizeof out[0];
    if (errno != ERANGE || wanted <= out.size() || wanted > kMostGroups) return false;
    out.resize(wanted);
  }
}

}  // namespace

std::optional<Credentials> credentials_of(int fd) {
  ucred cred{};
  socklen_t size = sizeof cred;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) != 0 || size != sizeof cred) return std::nullopt;
  Credentials out{cred.uid, cred.gid, cred.pid};
  if (!read_groups(fd, out.groups)) return std::nullopt;
  return out;
}

// requirement L7: default deny.
Rights rights_of(const Credentials& who, const Access& access, std::uint32_t own_uid) {
  const auto member = [&](const std::optional<std::uint32_t>& group) {
    return group && (who.gid == *group || std::ranges::find(who.groups, *group) != who.groups.end());
  };
  if (who.uid == 0 || who.uid == own_uid || member(access.group)) return Rights::write;
  return member(access.read_group) ? Rights::read : Rights::none;
}

}  // namespace gatehouse::admin
