// One connection to gssproxy.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <utility>

#include "gss/acceptors/wiped.h"
#include "rpc/xdr.h"

namespace gatehouse::gss {

using Deadline = std::chrono::steady_clock::time_point;

/// LinkFault: why an exchange came to nothing; the connection is then of no more use.
struct LinkFault {
  std::string text;
  bool closed = false;  ///< gssproxy had closed the connection: no byte of a reply came
};

/// GssproxyLink: a connection to gssproxy's unix socket, for one call at a time. Move-only; not thread-safe.
class GssproxyLink {
 public:
  /// open: connects, waiting until `deadline` for a place in gssproxy's queue. The error is a sentence.
  static std::expected<GssproxyLink, std::string> open(const std::string& path, Deadline deadline);
  GssproxyLink(GssproxyLink&& o) noexcept : fd_(std::exchange(o.fd_, -1)) {}
  GssproxyLink& operator=(GssproxyLink&& o) noexcept {
    std::swap(fd_, o.fd_);
    return *this;
  }
  ~GssproxyLink();

  /// exchange: sends `call`, a record with its mark, and receives one record of one fragment, at most
  /// kMaxGssproxyMessage bytes, by `deadline`. Memory grows with the bytes that arrive, not with the length that the
  /// mark declares.
  std::expected<WipedBytes, LinkFault> exchange(rpc::Bytes call, Deadline deadline);
  /// quiet: nothing came in since the last reply, and gssproxy has not hung up.
  [[nodiscard]] bool quiet() const;

 private:
  explicit GssproxyLink(int fd) : fd_(fd) {}
  std::expected<void, LinkFault> send(rpc::Bytes call, Deadline deadline);
  std::expected<void, LinkFault> receive(WipedBytes& into, std::size_t size, Deadline deadline);
  std::expected<void, LinkFault> wait(short events, Deadline deadline);

  int fd_ = -1;
};

}  // namespace gatehouse::gss
