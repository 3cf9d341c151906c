// bench_relay: the plain byte relay that bulk figures are compared with: epoll, one read and one write a turn, a shared
// 256 KiB buffer. bench_relay --listen ADDRESS --to ADDRESS [--buffer BYTES]; prints "ready" on stdout when it listens.

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/bench/args.h"
#include "tests/bench/net.h"

namespace gatehouse::bench {
namespace {

int fail(const std::string& why) {
  std::fprintf(stderr, "bench_relay: %s\n", why.c_str());
  return 1;
}

struct Pair;

// Side is one socket of a pair, and what it sent that the other side could not take yet: it owns a buffer only then.
struct Side {
  Pair* pair = nullptr;
  Side* other = nullptr;
  Fd fd;
  std::vector<std::uint8_t> waiting;
  std::size_t waiting_from = 0;
  std::size_t waiting_end = 0;
  bool readable = false;
  bool hung_up = false;
};

struct Pair {
  Side client;
  Side backend;
};

// send_all sends from `at` on and advances it; false: the connection is lost. A blocked socket is no loss.
bool send_all(const Fd& fd, const std::vector<std::uint8_t>& bytes, std::size_t end, std::size_t& at) {
  while (at < end) {
    const ssize_t sent = send(fd.get(), bytes.data() + at, end - at, MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN;
    at += static_cast<std::size_t>(sent);
  }
  return true;
}

// Buffers lends the read buffer and keeps those that came back from a blocked side.
class Buffers {
 public:
  explicit Buffers(std::size_t size) : size_(size), current_(size) {}
  std::vector<std::uint8_t>& current() { return current_; }
  void lend(std::vector<std::uint8_t>& to) {
    to.swap(current_);
    if (spare_.empty()) {
      current_.assign(size_, 0);
    } else {
      current_.swap(spare_.back());
      spare_.pop_back();
    }
  }
  void give_back(std::vector<std::uint8_t>& from) { spare_.emplace_back().swap(from); }

 private:
  std::size_t size_;
  std::vector<std::uint8_t> current_;
  std::vector<std::vector<std::uint8_t>> spare_;
};

// pump moves what `from` sends to the other side until one of them blocks; false: the pair is to be closed.
bool pump(Side& from, Buffers& buffers) {
  while (true) {
    if (!from.waiting.empty()) {
      if (!send_all(from.other->fd, from.waiting, from.waiting_end, from.waiting_from)) return false;
      if (from.waiting_from < from.waiting_end) return true;
      buffers.give_back(from.waiting);
    }
    if (!from.readable) return true;
    std::vector<std::uint8_t>& buffer = buffers.current();
    const ssize_t got = recv(from.fd.get(), buffer.data(), buffer.size(), 0);
    if (got == 0 || (got < 0 && errno != EAGAIN)) return false;
    const std::size_t size = got < 0 ? 0 : static_cast<std::size_t>(got);
    if (size < buffer.size() && (size == 0 || !from.hung_up)) from.readable = false;
    std::size_t sent = 0;
    if (!send_all(from.other->fd, buffer, size, sent)) return false;
    if (sent == size) continue;
    from.waiting_from = sent;
    from.waiting_end = size;
    buffers.lend(from.waiting);
  }
}

class Relay {
 public:
  Relay(Address to, std::size_t buffer) : epoll_(epoll_create1(EPOLL_CLOEXEC)), to_(std::move(to)), buffers_(buffer) {}

  std::expected<void, std::string> listen(const Address& address) {
    auto fd = listen_on(address);
    if (!fd) return std::unexpected(fd.error());
    listener_ = std::move(*fd);
    if (!watch(epoll_, listener_, nullptr)) return std::unexpected(error_text("epoll_ctl"));
    return {};
  }

  int run() {
    std::array<epoll_event, 256> events;
    while (true) {
      const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        if (event.data.ptr == nullptr) {
          accept_all();
        } else {
          relay(static_cast<Side*>(event.data.ptr), event.events);
        }
      }
      closed_.clear();  // only now: an event of this batch may have named the other side of a closed pair
    }
  }

 private:
  void accept_all() {
    while (true) {
      auto pair = std::make_unique<Pair>();
      pair->client.fd = accept_from(listener_);
      if (pair->client.fd.get() < 0) return;
      auto backend = connect_to(to_);
      if (!backend) {
        std::fprintf(stderr, "bench_relay: %s\n", backend.error().c_str());
        continue;
      }
      pair->backend.fd = std::move(*backend);
      pair->client.pair = pair->backend.pair = pair.get();
      pair->client.other = &pair->backend;
      pair->backend.other = &pair->client;
      if (!watch(epoll_, pair->client.fd, &pair->client) || !watch(epoll_, pair->backend.fd, &pair->backend)) continue;
      Pair* key = pair.get();
      pairs_[key] = std::move(pair);
    }
  }

  void relay(Side* side, std::uint32_t events) {
    const auto found = pairs_.find(side->pair);
    if (found == pairs_.end()) return;
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) side->readable = true;
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) side->hung_up = true;
    const bool writable = (events & EPOLLOUT) != 0 && !side->other->waiting.empty();
    if (pump(*side, buffers_) && (!writable || pump(*side->other, buffers_))) return;
    closed_.push_back(std::move(found->second));
    pairs_.erase(found);
  }

  Fd epoll_;
  Fd listener_;
  Address to_;
  Buffers buffers_;
  std::unordered_map<Pair*, std::unique_ptr<Pair>> pairs_;
  std::vector<std::unique_ptr<Pair>> closed_;
};

int main_of_relay(int argc, char** argv) {
  constexpr std::array<std::string_view, 3> known{"--listen", "--to", "--buffer"};
  auto args = Args::parse(argc, argv, known);
  if (!args) return fail(args.error());
  auto listen = parse_address(args->text("--listen", ""));
  auto to = parse_address(args->text("--to", ""));
  auto buffer = args->number("--buffer", 256 << 10, 4096, 16 << 20);
  if (!listen) return fail("--listen: " + listen.error());
  if (!to) return fail("--to: " + to.error());
  if (!buffer) return fail(buffer.error());
  raise_descriptor_limit();
  Relay relay(std::move(*to), *buffer);
  if (auto done = relay.listen(*listen); !done) return fail(done.error());
  std::puts("ready");
  std::fflush(stdout);
  return relay.run();
}

}  // namespace
}  // namespace gatehouse::bench

int main(int argc, char** argv) {
  return gatehouse::bench::main_of_relay(argc, argv);
}
