#include "proxy/net/unix_listen.h"

#include <grp.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace gatehouse::net {
namespace {

ListenError os_error(const std::string& what, bool retry = false) {
  return {what + ": " + std::strerror(errno), retry};
}

UniqueFd unix_socket() {
  return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

// Whether a server answers there. EAGAIN is a full backlog: somebody listens.
bool somebody_listens(const sockaddr_un& sa) {
  const UniqueFd fd = unix_socket();
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&sa), sizeof sa) == 0 || errno == EAGAIN;
}

std::expected<void, ListenError> clear_the_way(const sockaddr_un& sa, const std::string& path) {
  struct stat st{};
  if (::lstat(path.c_str(), &st) != 0) {
    if (errno == ENOENT) return {};
    return std::unexpected(os_error("cannot look at " + path));
  }
  if (!S_ISSOCK(st.st_mode))
    return std::unexpected(
        ListenError{path + " is in the way and not a socket: move it or choose another path", false});
  if (somebody_listens(sa))
    return std::unexpected(
        ListenError{"another process listens on " + path + ": stop it or choose another path", false});
  if (::unlink(path.c_str()) != 0) return std::unexpected(os_error("cannot remove the stale socket " + path));
  return {};
}

std::expected<void, ListenError> set_group(const std::string& path, const std::string& group) {
  if (group.empty()) return {};
  const ::group* g = ::getgrnam(group.c_str());
  if (g == nullptr) return std::unexpected(ListenError{"group " + group + " of " + path + " does not exist", false});
  if (::chown(path.c_str(), static_cast<uid_t>(-1), g->gr_gid) != 0)
    return std::unexpected(os_error("cannot give " + path + " to group " + group));
  return {};
}

}  // namespace

std::expected<void, ListenError> set_access(const std::string& path, std::uint32_t mode, const std::string& group) {
  if (const auto done = set_group(path, group); !done) return done;
  if (::chmod(path.c_str(), mode) != 0) return std::unexpected(os_error("cannot set the mode of " + path));
  return {};
}

std::expected<ListenSocket, ListenError> open_unix(const std::string& path, std::uint32_t mode,
                                                   const std::string& group) {
  sockaddr_un sa{};
  sa.sun_family = AF_UNIX;
  path.copy(sa.sun_path, sizeof sa.sun_path - 1);
  UniqueFd fd = unix_socket();
  if (!fd) return std::unexpected(os_error("cannot make a unix socket"));
  if (const auto clear = clear_the_way(sa, path); !clear) return std::unexpected(clear.error());
  // bind() makes the file with the mode of the socket; nobody may connect before group and mode are right. The umask
  // would do as well, but is the whole process's, where libkrb5 makes files meanwhile.
  if (::fchmod(fd.get(), 0) != 0) return std::unexpected(os_error("cannot set the mode of a unix socket"));
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&sa), sizeof sa) != 0)
    return std::unexpected(os_error("cannot bind unix:" + path, errno == ENOENT));
  ListenSocket out{std::move(fd), false, {}, path};
  auto undo = [&](ListenError e) {
    ::unlink(path.c_str());
    return std::unexpected(std::move(e));
  };
  if (const auto done = set_access(path, mode, group); !done) return undo(done.error());
  if (::listen(out.fd.get(), 1024) != 0) return undo(os_error("cannot listen on " + path));
  return out;
}

}  // namespace gatehouse::net
