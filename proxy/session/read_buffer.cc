#include "proxy/session/read_buffer.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace gatehouse::session {

ReadBuffer::Result ReadBuffer::fill(int fd, rpc::Bytes prefix) {
  std::uint8_t* const at = memory_.get() + kHeadroom;
  ssize_t n = 0;
  do {
    n = ::recv(fd, at, want_, 0);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return {errno == EAGAIN ? Status::would_block : Status::failed, {}, 0, true};
  if (n == 0) return {Status::ended, {}, 0, true};
  const auto size = static_cast<std::size_t>(n);
  const bool full = size == want_;
  want_ = full ? kLarge : size >= kSmall ? want_ : kSmall;
  if (!prefix.empty()) std::memcpy(at - prefix.size(), prefix.data(), prefix.size());
  return {Status::data, {at - prefix.size(), prefix.size() + size}, size, !full};
}

}  // namespace gatehouse::session
