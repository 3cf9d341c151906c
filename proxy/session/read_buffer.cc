#include "proxy/session/read_buffer.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace gatehouse::session {

ReadBuffer::Result ReadBuffer::read(int fd, std::span<std::uint8_t> into) {
  ssize_t n = 0;
  do {
    n = ::recv(fd, into.data(), into.size(), 0);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return {errno == EAGAIN ? Status::would_block : Status::failed, {}, 0, true};
  if (n == 0) return {Status::ended, {}, 0, true};
  const auto size = static_cast<std::size_t>(n);
  return {Status::data, into.first(size), size, size < into.size()};
}

ReadBuffer::Result ReadBuffer::fill(int fd, rpc::Bytes prefix) {
  std::uint8_t* const at = memory_.get() + kHeadroom;
  Result r = read(fd, {at, want_});
  if (r.status != Status::data) return r;
  want_ = !r.drained ? kLarge : r.fresh >= kSmall ? want_ : kSmall;
  if (!prefix.empty()) std::memcpy(at - prefix.size(), prefix.data(), prefix.size());
  r.bytes = {at - prefix.size(), prefix.size() + r.fresh};
  return r;
}

}  // namespace gatehouse::session
