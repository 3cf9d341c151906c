#include "guest/relay/service_manager.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

namespace gatehouse::guest {
namespace {

constexpr int kFirst = 3;  // SD_LISTEN_FDS_START
constexpr int kMost = 64;

// A variable's number, which is then taken out of the environment; -1: none.
int take_number(const char* name) {
  const char* text = std::getenv(name);
  int value = -1;
  if (text != nullptr) {
    const char* end = text + std::strlen(text);
    if (std::from_chars(text, end, value).ptr != end) value = -1;
  }
  ::unsetenv(name);
  return value;
}

}  // namespace

std::vector<net::UniqueFd> passed_sockets() {
  const int pid = take_number("LISTEN_PID");
  const int count = take_number("LISTEN_FDS");
  ::unsetenv("LISTEN_FDNAMES");
  std::vector<net::UniqueFd> out;
  if (pid != ::getpid() || count <= 0 || count > kMost) return out;
  for (int fd = kFirst; fd < kFirst + count; ++fd) {
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0) continue;
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    ::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    out.emplace_back(fd);
  }
  return out;
}

void notify(std::string_view state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  const std::size_t length = path != nullptr ? std::strlen(path) : 0;
  if (length < 2 || length >= sizeof to.sun_path) return;
  std::memcpy(to.sun_path, path, length);
  if (path[0] == '@') to.sun_path[0] = '\0';
  const net::UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  // A service manager that does not listen has no use for the news.
  (void)::sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to), size);
}

}  // namespace gatehouse::guest
