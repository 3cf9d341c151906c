// bench_server: answers NFSv3-like AUTH_SYS calls with as little work as it can, so that what stands before it is the
// bottleneck. bench_server --listen ADDRESS [--listen ADDRESS ...]; prints "ready" on stdout when it listens.

#include <sys/epoll.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/bench/args.h"
#include "tests/bench/net.h"
#include "tests/bench/server_connection.h"

namespace gatehouse::bench {
namespace {

int fail(const std::string& why) {
  std::fprintf(stderr, "bench_server: %s\n", why.c_str());
  return 1;
}

class Server {
 public:
  Server() : epoll_(epoll_create1(EPOLL_CLOEXEC)), buffer_(256 << 10) {}

  std::expected<void, std::string> listen(const std::string& text) {
    auto address = parse_address(text);
    if (!address) return std::unexpected(address.error());
    auto fd = listen_on(*address);
    if (!fd) return std::unexpected(fd.error());
    listeners_.push_back(std::make_unique<Fd>(std::move(*fd)));
    if (!watch(epoll_, *listeners_.back(), listeners_.back().get())) return std::unexpected(error_text("epoll_ctl"));
    return {};
  }

  int run() {
    std::array<epoll_event, 256> events;
    while (true) {
      const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        if (!accept_all(event.data.ptr)) serve(event);
      }
    }
  }

 private:
  bool accept_all(const void* owner) {
    for (const auto& listener : listeners_) {
      if (listener.get() != owner) continue;
      while (true) {
        Fd fd = accept_from(*listener);
        if (fd.get() < 0) return true;
        auto connection = std::make_unique<ServerConnection>(std::move(fd));
        if (watch(epoll_, connection->fd(), connection.get())) {
          ServerConnection* key = connection.get();
          connections_[key] = std::move(connection);
        }
      }
    }
    return false;
  }

  void serve(const epoll_event& event) {
    auto* connection = static_cast<ServerConnection*>(event.data.ptr);
    if (!connection->on_events(event.events, buffer_)) connections_.erase(connection);
  }

  Fd epoll_;
  std::vector<std::uint8_t> buffer_;
  std::vector<std::unique_ptr<Fd>> listeners_;
  std::unordered_map<ServerConnection*, std::unique_ptr<ServerConnection>> connections_;
};

int main_of_server(int argc, char** argv) {
  constexpr std::array<std::string_view, 1> known{"--listen"};
  auto args = Args::parse(argc, argv, known);
  if (!args) return fail(args.error());
  if (!args->has("--listen")) return fail("give --listen unix:PATH or --listen tcp:127.0.0.1:PORT, once or more");
  raise_descriptor_limit();
  Server server;
  for (const std::string& text : args->all("--listen")) {
    if (auto done = server.listen(text); !done) return fail(done.error());
  }
  std::puts("ready");
  std::fflush(stdout);
  return server.run();
}

}  // namespace
}  // namespace gatehouse::bench

int main(int argc, char** argv) {
  return gatehouse::bench::main_of_server(argc, argv);
}
