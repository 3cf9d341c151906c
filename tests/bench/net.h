#pragma once

#include <sys/resource.h>
#include <sys/socket.h>

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace gatehouse::bench {

// Fd owns one descriptor and closes it. Movable, not copyable.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd();

  // get returns the descriptor, or -1 for an empty Fd. Ownership stays here.
  int get() const { return fd_; }

 private:
  int fd_ = -1;
};

// Address is a socket address as the kernel takes it, and the text it came from.
struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  std::string text;
};

// parse_address takes `unix:PATH`, a bare absolute PATH, or `tcp:A.B.C.D:PORT`. The error is one line for the user.
std::expected<Address, std::string> parse_address(std::string_view text);

// listen_on returns a nonblocking listening socket. A unix socket file that is already there is replaced.
std::expected<Fd, std::string> listen_on(const Address& address);

// connect_to returns a connected nonblocking socket (TCP_NODELAY on tcp). The connect itself waits.
std::expected<Fd, std::string> connect_to(const Address& address);

// accept_from returns the next connection, nonblocking, or an empty Fd when none is waiting (or none can be had).
Fd accept_from(const Fd& listener);

// watch registers the descriptor with the epoll instance, edge-triggered for both directions, once. False on failure.
bool watch(const Fd& epoll, const Fd& fd, void* owner);

// raise_descriptor_limit lifts the soft limit of open descriptors to the hard one and returns what is in force.
rlim_t raise_descriptor_limit();

// error_text says what the last failed system call reported: "WHAT: reason".
std::string error_text(std::string_view what);

}  // namespace gatehouse::bench
