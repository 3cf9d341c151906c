#include "tests/bench/ask.h"

#include <poll.h>

#include <cerrno>

namespace gatehouse::bench {
namespace {

constexpr int kPatienceMs = 10'000;
constexpr std::size_t kLongestReply = 64 << 10;

bool ready(const Fd& fd, short events) {
  pollfd wanted{fd.get(), events, 0};
  return poll(&wanted, 1, kPatienceMs) == 1;
}

std::expected<void, std::string> receive(const Fd& fd, std::span<std::uint8_t> room) {
  while (!room.empty()) {
    if (!ready(fd, POLLIN)) return std::unexpected("no reply for 10 seconds");
    const ssize_t got = recv(fd.get(), room.data(), room.size(), 0);
    if (got == 0) return std::unexpected("the connection was closed");
    if (got < 0 && errno != EAGAIN) return std::unexpected(error_text("receiving"));
    if (got > 0) room = room.subspan(static_cast<std::size_t>(got));
  }
  return {};
}

std::expected<void, std::string> send_all(const Fd& fd, Bytes bytes) {
  while (!bytes.empty()) {
    if (!ready(fd, POLLOUT)) return std::unexpected("a call could not be sent for 10 seconds");
    const ssize_t sent = send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return std::unexpected(error_text("sending"));
    if (sent > 0) bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
  return {};
}

}  // namespace

std::expected<std::vector<std::uint8_t>, std::string> ask(const Fd& fd, Bytes call) {
  if (auto sent = send_all(fd, call); !sent) return std::unexpected(sent.error());
  std::vector<std::uint8_t> reply(kMark);
  if (auto got = receive(fd, reply); !got) return std::unexpected(got.error());
  const std::size_t size = get32(reply, 0) & ~kLastFragment;
  if (size + kMark < kLeastReply || size > kLongestReply) return std::unexpected("a reply has no sane length");
  reply.resize(kMark + size);
  if (auto got = receive(fd, std::span(reply).subspan(kMark)); !got) return std::unexpected(got.error());
  return reply;
}

}  // namespace gatehouse::bench
