#include "proxy/session/pipe.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace gatehouse::session {
namespace {
constexpr std::size_t kPipeBytes = 1U << 20;
constexpr std::size_t kVsockBytes = 128U * 1024;

// How much to ask for at once. From AF_VSOCK the kernel (since 6.5) copies into pages that it takes, and with
// init_on_alloc clears, for all that was asked for, however little has come: a megabyte each time costs more than
// reading would.
std::size_t most_from(int socket) {
  int domain = 0;
  socklen_t len = sizeof domain;
  const bool known = ::getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0;
  return known && domain == AF_VSOCK ? kVsockBytes : kPipeBytes;
}

}  // namespace

std::unique_ptr<Pipe> PipePool::get() {
  if (!idle_.empty()) {
    auto pipe = std::move(idle_.back());
    idle_.pop_back();
    return pipe;
  }
  if (made_ >= kMost) return nullptr;
  int ends[2];
  if (::pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) return nullptr;
  auto pipe = std::make_unique<Pipe>();
  pipe->read_end.reset(ends[0]);
  pipe->write_end.reset(ends[1]);
  // Refused beyond the host's limits for unprivileged users: then the pipe just holds less.
  (void)::fcntl(ends[1], F_SETPIPE_SZ, kPipeBytes);
  ++made_;
  return pipe;
}

void PipePool::put(std::unique_ptr<Pipe> pipe) {
  if (pipe == nullptr) return;
  if (pipe->bytes == 0) {
    idle_.push_back(std::move(pipe));
  } else {
    --made_;
  }
}

Moved splice_in(int from, Pipe& pipe, std::size_t want) {
  want = std::min(want, most_from(from));
  for (;;) {
    const ssize_t n = ::splice(from, nullptr, pipe.write_end.get(), nullptr, want, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
    if (n > 0) {
      pipe.bytes += static_cast<std::size_t>(n);
      return Moved::all;
    }
    if (n == 0) return Moved::ended;
    if (errno == EINTR) continue;
    if (errno == EAGAIN) return Moved::source_empty;
    return errno == EINVAL ? Moved::refused : Moved::failed;
  }
}

Moved splice_out(Pipe& pipe, int to, bool more) {
  while (pipe.bytes > 0) {
    const ssize_t n = ::splice(pipe.read_end.get(), nullptr, to, nullptr, pipe.bytes,
                               SPLICE_F_NONBLOCK | SPLICE_F_MOVE | (more ? SPLICE_F_MORE : 0U));
    if (n > 0) {
      pipe.bytes -= static_cast<std::size_t>(n);
    } else if (n < 0 && errno == EINTR) {
      continue;
    } else if (n < 0 && errno == EAGAIN) {
      return Moved::target_full;
    } else {
      return Moved::failed;
    }
  }
  return Moved::all;
}

}  // namespace gatehouse::session
