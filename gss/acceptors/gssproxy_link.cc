#include "gss/acceptors/gssproxy_link.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "gss/acceptors/gssproxy_message.h"
#include "gss/acceptors/text.h"
#include "rpc/record.h"

namespace gatehouse::gss {
namespace {

constexpr std::size_t kMark = 4;
constexpr std::size_t kChunk = 16384;

std::chrono::microseconds until(Deadline deadline) {
  const auto left = std::chrono::ceil<std::chrono::microseconds>(deadline - std::chrono::steady_clock::now());
  return std::max(left, std::chrono::microseconds(0));
}

std::unexpected<LinkFault> fault(std::string text) {
  return std::unexpected(LinkFault{.text = std::move(text), .closed = false});
}

std::unexpected<LinkFault> hung_up(std::size_t received) {
  return std::unexpected(
      LinkFault{.text = "gssproxy closed the connection before it had answered", .closed = received == 0});
}

}  // namespace

std::expected<GssproxyLink, std::string> GssproxyLink::open(const std::string& path, Deadline deadline) {
  const std::string where = "gssproxy at " + path;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) return std::unexpected(where + ": no path of a socket");
  std::memcpy(address.sun_path, path.data(), path.size());
  GssproxyLink link(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (link.fd_ < 0) return std::unexpected(where + ": no socket: " + error_text(errno));

  // A connect that does not block fails at once when the queue is full; one that blocks waits, for as long as it may
  // send.
  const std::chrono::microseconds left = std::max(until(deadline), std::chrono::microseconds(1));
  const timeval patience{.tv_sec = left.count() / 1'000'000, .tv_usec = left.count() % 1'000'000};
  ::setsockopt(link.fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  int connected = 0;
  do connected = ::connect(link.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  while (connected != 0 && errno == EINTR);
  if (connected != 0)
    return std::unexpected(where +
                           " cannot be reached: " + (errno == EAGAIN ? "it takes no connections" : error_text(errno)));
  return link;
}

GssproxyLink::~GssproxyLink() {
  if (fd_ >= 0) ::close(fd_);
}

bool GssproxyLink::quiet() const {
  std::uint8_t byte = 0;
  return ::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

std::expected<WipedBytes, LinkFault> GssproxyLink::exchange(rpc::Bytes call, Deadline deadline) {
  if (auto sent = send(call, deadline); !sent) return std::unexpected(std::move(sent.error()));
  WipedBytes bytes;
  if (auto got = receive(bytes, kMark, deadline); !got) return std::unexpected(std::move(got.error()));
  const std::uint32_t mark = rpc::XdrReader(bytes).u32();
  const std::uint32_t length = mark & ~rpc::kLastFragment;
  if ((mark & rpc::kLastFragment) == 0) return fault("gssproxy's reply is not of one fragment");
  if (length > kMaxGssproxyMessage) return fault("gssproxy's reply is longer than 1 MiB");
  bytes.clear();
  if (auto got = receive(bytes, length, deadline); !got) {
    got.error().closed = false;  // its mark came
    return std::unexpected(std::move(got.error()));
  }
  return bytes;
}

// The mark goes out with what follows: gssproxy wants its four bytes by one read.
std::expected<void, LinkFault> GssproxyLink::send(rpc::Bytes call, Deadline deadline) {
  while (!call.empty()) {
    errno = 0;
    const ssize_t n = ::send(fd_, call.data(), call.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
      call = call.subspan(static_cast<std::size_t>(n));
    } else if (n < 0 && errno == EAGAIN) {
      if (auto ready = wait(POLLOUT, deadline); !ready) return ready;
    } else if (n < 0 && (errno == EPIPE || errno == ECONNRESET)) {
      return hung_up(0);
    } else if (errno != EINTR) {
      return fault("gssproxy cannot be written to: " + error_text(errno));
    }
  }
  return {};
}

std::expected<void, LinkFault> GssproxyLink::receive(WipedBytes& into, std::size_t size, Deadline deadline) {
  std::size_t have = 0;
  while (have < size) {
    into.resize(std::min(size, have + kChunk));
    const ssize_t n = ::recv(fd_, into.data() + have, into.size() - have, MSG_DONTWAIT);
    if (n > 0) {
      have += static_cast<std::size_t>(n);
    } else if (n == 0 || errno == ECONNRESET) {
      return hung_up(have);
    } else if (errno == EAGAIN) {
      if (auto ready = wait(POLLIN, deadline); !ready) return ready;
    } else if (errno != EINTR) {
      return fault("gssproxy cannot be read from: " + error_text(errno));
    }
  }
  into.resize(size);
  return {};
}

std::expected<void, LinkFault> GssproxyLink::wait(short events, Deadline deadline) {
  for (;;) {
    const std::chrono::microseconds left = until(deadline);
    if (left.count() == 0) return fault("gssproxy did not answer in time");
    pollfd p{.fd = fd_, .events = events, .revents = 0};
    const auto ms = std::min<std::int64_t>(std::chrono::ceil<std::chrono::milliseconds>(left).count(), 3'600'000);
    const int ready = ::poll(&p, 1, static_cast<int>(ms));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return fault("gssproxy cannot be waited for: " + error_text(errno));
  }
}

}  // namespace gatehouse::gss
