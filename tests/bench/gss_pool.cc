#include "tests/bench/gss_pool.h"

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

}  // namespace

std::expected<GssPool, std::string> GssPool::establish(const Address& target, Initiator& initiator, std::size_t count,
                                                       std::size_t used) {
  const auto fd = connect_to(target);
  if (!fd) return std::unexpected(fd.error());
  GssPool pool;
  pool.used_ = used;
  for (std::uint32_t xid = 1; xid <= count; ++xid) {
    auto pending = initiator.begin();
    if (!pending) return std::unexpected(pending.error());
    std::vector<std::uint8_t> call;
    push_init(call, xid, pending->token);
    const auto reply = ask(*fd, call);
    if (!reply) return std::unexpected(reply.error());
    auto context = take_init_reply(*reply, xid, initiator, *pending);
    if (!context) return std::unexpected(context.error());
    pool.contexts_.push_back(std::move(*context));
  }
  return pool;
}

std::expected<void, std::string> GssPool::destroy(const Address& target) {
  const auto fd = connect_to(target);
  if (!fd) return std::unexpected(fd.error());
  std::uint32_t xid = 0;
  for (GssContext& context : contexts_) {
    std::vector<std::uint8_t> call;
    if (!push_head(call, ++xid, Procedure::null, GssProc::destroy, Service::none, context)) {
      return std::unexpected("OpenSSL failed");
    }
    const auto reply = ask(*fd, call);
    if (!reply) return std::unexpected(reply.error());
    if (const char* fault = verified_head_fault(*reply, xid, context.seq, context)) return std::unexpected(fault);
  }
  return {};
}

}  // namespace gatehouse::bench
