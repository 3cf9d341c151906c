#include "proxy/config/groups.h"

#include <grp.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace gatehouse::config {
namespace {

constexpr std::size_t kUsual = 4096;
constexpr std::size_t kMost = std::size_t{16} << 20;  // a group of very many members

}  // namespace

std::expected<std::uint32_t, std::string> group_id(const std::string& name) {
  // With a NUL in it, it would be looked up as another name.
  if (name.find('\0') != std::string::npos) return std::unexpected("write the name of a group");
  ::group entry{};
  ::group* found = nullptr;
  std::vector<char> room(kUsual);
  int error = ::getgrnam_r(name.c_str(), &entry, room.data(), room.size(), &found);
  while (error == ERANGE && room.size() < kMost) {
    room.resize(room.size() * 4);
    error = ::getgrnam_r(name.c_str(), &entry, room.data(), room.size(), &found);
  }
  if (found != nullptr) return entry.gr_gid;
  // getgrnam_r(3): these, too, may stand for "there is none".
  const bool none = error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM;
  if (none) return std::unexpected("there is no such group on this host: make it (groupadd), or name another");
  return std::unexpected("the group cannot be looked up: " + std::string(std::strerror(error)));
}

}  // namespace gatehouse::config
