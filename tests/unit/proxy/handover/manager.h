// A service manager's end of NOTIFY_SOCKET, in this process.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "proxy/net/fd.h"
#include "tests/support/catch.h"

namespace gatehouse::test {

/// Manager: reads what is said to it on a thread of its own, keeps descriptors with FDSTORE=1 unless it `refuses`, and
/// says so to nobody; closes all others. NOTIFY_SOCKET leads to it as long as it lives.
class Manager {
 public:
  explicit Manager(bool refuses = false) : refuses_(refuses), socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un sa{};
    sa.sun_family = AF_UNIX;
    const std::string name = "gatehouse-test-" + std::to_string(::getpid());
    std::memcpy(sa.sun_path + 1, name.data(), name.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    REQUIRE(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&sa), size) == 0);
    ::setenv("NOTIFY_SOCKET", ("@" + name).c_str(), 1);
    thread_ = std::jthread([this] { run(); });
  }
  ~Manager() {
    ::unsetenv("NOTIFY_SOCKET");
    ::shutdown(socket_.get(), SHUT_RDWR);
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  /// stored: the descriptors that are kept; they are the caller's then.
  std::vector<net::UniqueFd> stored() {
    const std::lock_guard lock(mutex_);
    return std::move(stored_);
  }
  /// said: all messages until now.
  std::vector<std::string> said() {
    const std::lock_guard lock(mutex_);
    return said_;
  }

 private:
  void run() {
    for (;;) {
      std::array<char, 4096> text{};
      alignas(cmsghdr) std::array<char, 512> control{};
      iovec part{text.data(), text.size()};
      msghdr message{};
      message.msg_iov = &part;
      message.msg_iovlen = 1;
      message.msg_control = control.data();
      message.msg_controllen = control.size();
      const ssize_t n = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
      if (n <= 0) return;
      take({text.data(), static_cast<std::size_t>(n)}, message);
    }
  }
  void take(const std::string& text, msghdr& message) {
    const std::lock_guard lock(mutex_);
    said_.push_back(text);
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
      if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
      std::vector<int> fds((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
      std::memcpy(fds.data(), CMSG_DATA(c), fds.size() * sizeof(int));
      for (const int fd : fds) {
        net::UniqueFd one(fd);
        if (!refuses_ && text.starts_with("FDSTORE=1\n")) stored_.push_back(std::move(one));
      }
    }
  }

  const bool refuses_;
  const net::UniqueFd socket_;
  std::mutex mutex_;
  std::vector<net::UniqueFd> stored_;
  std::vector<std::string> said_;
  std::jthread thread_;
};

}  // namespace gatehouse::test
