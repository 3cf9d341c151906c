// bench_terminator: RPCSEC_GSS the obvious way, to compare with: a thread a connection, libgssapi for every token, no
// hop to a backend: it answers the load generator's calls itself.
//   bench_terminator --listen ADDRESS; prints "ready" on stdout when it listens. Keys: KRB5_KTNAME.

#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <thread>

#include "tests/bench/args.h"
#include "tests/bench/net.h"
#include "tests/bench/terminator_calls.h"

namespace gatehouse::bench {
namespace {

int fail(const std::string& why) {
  std::fprintf(stderr, "bench_terminator: %s\n", why.c_str());
  return 1;
}

// Input reads records through a buffer, as RPC libraries do: one read may bring several.
class Input {
 public:
  explicit Input(const Fd& fd) : fd_(fd) {}

  // take copies the next `size` bytes; false: the other side is gone.
  bool take(std::span<std::uint8_t> to) {
    while (!to.empty()) {
      if (begin_ == end_ && !fill()) return false;
      const std::size_t size = std::min(to.size(), end_ - begin_);
      std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), size, to.begin());
      begin_ += size;
      to = to.subspan(size);
    }
    return true;
  }

 private:
  bool fill() {
    const ssize_t got = recv(fd_.get(), buffer_.data(), buffer_.size(), 0);
    begin_ = 0;
    end_ = got > 0 ? static_cast<std::size_t>(got) : 0;
    return got > 0;
  }
  const Fd& fd_;
  std::array<std::uint8_t, 64 << 10> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

bool send_all(const Fd& fd, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
  return true;
}

void serve(TerminatorContexts& contexts, Fd fd) {
  const int flags = fcntl(fd.get(), F_GETFL);
  if (flags < 0 || fcntl(fd.get(), F_SETFL, flags & ~O_NONBLOCK) < 0) return;
  Input in(fd);
  std::array<std::uint8_t, kMark> mark{};
  std::vector<std::uint8_t> record;
  while (in.take(mark)) {
    const std::size_t size = get32(mark, 0) & ~kLastFragment;
    if (size > kMaxPayload + 4096) return;
    record.resize(size);
    if (!in.take(record)) return;
    const auto reply = answer(contexts, record);
    if (!reply || !send_all(fd, *reply)) return;
  }
}

int main_of_terminator(int argc, char** argv) {
  constexpr std::array<std::string_view, 1> known{"--listen"};
  const auto args = Args::parse(argc, argv, known);
  if (!args) return fail(args.error());
  const auto address = parse_address(args->text("--listen", ""));
  if (!address) return fail("--listen: " + address.error());
  const auto listener = listen_on(*address);
  if (!listener) return fail(listener.error());
  raise_descriptor_limit();
  std::puts("ready");
  std::fflush(stdout);
  TerminatorContexts contexts;
  while (true) {
    pollfd wanted{listener->get(), POLLIN, 0};
    if (poll(&wanted, 1, -1) < 1) continue;
    Fd fd = accept_from(*listener);
    if (fd.get() >= 0)
      std::thread([&contexts, fd = std::move(fd)]() mutable { serve(contexts, std::move(fd)); }).detach();
  }
}

}  // namespace
}  // namespace gatehouse::bench

int main(int argc, char** argv) {
  return gatehouse::bench::main_of_terminator(argc, argv);
}
