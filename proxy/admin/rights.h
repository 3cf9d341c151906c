// Who may ask what: by the kernel's word about the other end.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace gatehouse::admin {

/// Rights: in rising order; each includes those before it.
enum class Rights : std::uint8_t { none, read, write };

/// Credentials: what SO_PEERCRED and SO_PEERGROUPS say of a peer at the time it connected. A plain value.
struct Credentials {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::int32_t pid = 0;
  std::vector<std::uint32_t> groups = {};  ///< supplementary
};

/// Access: the groups of [admin], by number; nothing: there is no such group.
struct Access {
  std::optional<std::uint32_t> group;
  std::optional<std::uint32_t> read_group;
};

/// credentials_of: of the peer of a connected unix socket; nothing when the kernel does not say.
std::optional<Credentials> credentials_of(int fd);

/// rights_of: everything for root, for `own_uid` (the daemon's user) and for members of `group`; reading for members of
/// `read_group`; nothing for others.
Rights rights_of(const Credentials& who, const Access& access, std::uint32_t own_uid);

}  // namespace gatehouse::admin
