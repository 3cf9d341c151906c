#include "tests/bench/net.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace gatehouse::bench {
namespace {

std::expected<Address, std::string> parse_unix(std::string_view path, std::string_view text) {
  sockaddr_un un{};
  un.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof un.sun_path) {
    return std::unexpected("address '" + std::string(text) + "': a socket path has 1 to 107 bytes; use a shorter one");
  }
  std::memcpy(un.sun_path, path.data(), path.size());
  Address address;
  std::memcpy(&address.storage, &un, sizeof un);
  address.size = sizeof un;
  address.text = text;
  return address;
}

std::expected<Address, std::string> parse_tcp(std::string_view rest, std::string_view text) {
  const std::size_t colon = rest.rfind(':');
  sockaddr_in in{};
  in.sin_family = AF_INET;
  std::uint16_t port = 0;
  const std::string host(rest.substr(0, colon));
  const std::string_view digits = colon == std::string_view::npos ? std::string_view{} : rest.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || port == 0 ||
      inet_pton(AF_INET, host.c_str(), &in.sin_addr) != 1) {
    return std::unexpected("address '" + std::string(text) + "' is not tcp:A.B.C.D:PORT");
  }
  in.sin_port = htons(port);
  Address address;
  std::memcpy(&address.storage, &in, sizeof in);
  address.size = sizeof in;
  address.text = text;
  return address;
}

const sockaddr* pointer(const Address& address) {
  return reinterpret_cast<const sockaddr*>(&address.storage);
}

void no_delay(const Fd& fd, const Address& address) {
  const int on = 1;
  if (address.storage.ss_family == AF_INET) setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

Fd::~Fd() {
  if (fd_ >= 0) close(fd_);
}

std::expected<Address, std::string> parse_address(std::string_view text) {
  if (text.starts_with("unix:")) return parse_unix(text.substr(5), text);
  if (text.starts_with("/")) return parse_unix(text, text);
  if (text.starts_with("tcp:")) return parse_tcp(text.substr(4), text);
  return std::unexpected("address '" + std::string(text) + "' is none of unix:PATH, /PATH, tcp:A.B.C.D:PORT");
}

std::expected<Fd, std::string> listen_on(const Address& address) {
  const int family = address.storage.ss_family;
  Fd fd(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return std::unexpected(error_text("socket for " + address.text));
  if (family == AF_UNIX) {
    sockaddr_un un{};
    std::memcpy(&un, &address.storage, sizeof un);
    unlink(un.sun_path);
  }
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  no_delay(fd, address);
  if (bind(fd.get(), pointer(address), address.size) != 0 || listen(fd.get(), 4096) != 0) {
    return std::unexpected(error_text("listening on " + address.text));
  }
  return fd;
}

std::expected<Fd, std::string> connect_to(const Address& address) {
  Fd fd(socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return std::unexpected(error_text("socket for " + address.text));
  no_delay(fd, address);
  if (connect(fd.get(), pointer(address), address.size) != 0) {
    return std::unexpected(error_text("connecting to " + address.text));
  }
  const int flags = fcntl(fd.get(), F_GETFL);
  if (flags < 0 || fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) < 0) return std::unexpected(error_text("O_NONBLOCK"));
  return fd;
}

Fd accept_from(const Fd& listener) {
  return Fd(accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

bool watch(const Fd& epoll, const Fd& fd, void* owner) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = owner;
  return epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd.get(), &event) == 0;
}

rlim_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : before;
}

std::string error_text(std::string_view what) {
  return std::string(what) + ": " + std::strerror(errno);
}

}  // namespace gatehouse::bench
