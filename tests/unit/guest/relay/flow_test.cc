#include "guest/relay/flow.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <string>
#include <tuple>
#include <vector>

#include "proxy/net/fd.h"
#include "tests/support/catch.h"

using namespace gatehouse::guest;
using Outcome = Flow::Outcome;
using gatehouse::net::UniqueFd;

namespace {

// Both ends of a TCP connection over loopback, non-blocking.
std::pair<UniqueFd, UniqueFd> tcp_pair() {
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* sa = reinterpret_cast<sockaddr*>(&at);
  socklen_t len = sizeof at;
  REQUIRE(::bind(listener.get(), sa, len) == 0);
  REQUIRE(::listen(listener.get(), 1) == 0);
  REQUIRE(::getsockname(listener.get(), sa, &len) == 0);
  UniqueFd one(::socket(AF_INET, SOCK_STREAM, 0));
  REQUIRE(::connect(one.get(), sa, len) == 0);
  UniqueFd other(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK));
  REQUIRE(::fcntl(one.get(), F_SETFL, O_NONBLOCK) == 0);
  return {std::move(one), std::move(other)};
}

void reset(UniqueFd& fd) {
  const linger at_once{1, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  fd.reset();
}

// A flow from the socket whose other end is `source` to the one whose other end is `sink`.
struct Between {
  Between() {
    std::tie(source, from) = tcp_pair();
    std::tie(to, sink) = tcp_pair();
    const int small = 64 * 1024;
    REQUIRE(::setsockopt(to.get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small) == 0);
    REQUIRE(::setsockopt(sink.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small) == 0);
  }
  Outcome pump() { return flow.pump({from.get(), to.get(), false}, stores); }
  // Writes as much of `data` from `at` on as the socket takes.
  std::size_t fill(const std::string& data, std::size_t at) {
    ssize_t n = 0;
    while (at < data.size() && (n = ::send(source.get(), data.data() + at, data.size() - at, MSG_NOSIGNAL)) > 0)
      at += static_cast<std::size_t>(n);
    return at;
  }
  std::string drain() {
    std::string out;
    std::vector<char> piece(100'000);
    ssize_t n = 0;
    while ((n = ::recv(sink.get(), piece.data(), piece.size(), 0)) > 0)
      out.append(piece.data(), static_cast<std::size_t>(n));
    ended = n == 0;
    return out;
  }
  UniqueFd source, from, to, sink;
  Flow flow;
  Stores stores;
  bool ended = false;
};

std::string pattern(std::size_t bytes) {
  std::string out(bytes, '\0');
  std::uint32_t x = 1;
  for (char& c : out) c = static_cast<char>((x = x * 1664525U + 1013904223U) >> 24);
  return out;
}

}  // namespace

TEST_CASE("a flow passes on what came and says when the source has ended") {
  Between b;
  CHECK(b.pump() == Outcome::source_dry);
  b.fill("hello", 0);
  CHECK(b.pump() == Outcome::source_dry);
  CHECK(b.drain() == "hello");
  CHECK_FALSE(b.ended);
  b.fill("bye", 0);
  ::shutdown(b.source.get(), SHUT_WR);
  CHECK(b.pump() == Outcome::ended);
  CHECK(b.drain() == "bye");
  CHECK_FALSE(b.ended);
}

TEST_CASE("bulk through a target that is slow arrives whole and in order, by buffers and by pipes") {
  Between b;
  const std::string data = pattern(9'000'001);
  std::string got;
  std::size_t at = 0;
  int full = 0;
  while (got.size() < data.size()) {
    at = b.fill(data, at);
    const Outcome outcome = b.pump();
    REQUIRE((outcome == Outcome::source_dry || outcome == Outcome::target_full || outcome == Outcome::turn_over));
    full += outcome == Outcome::target_full ? 1 : 0;
    if (outcome == Outcome::target_full || at == data.size()) got += b.drain();
  }
  CHECK(full > 5);
  CHECK((got == data));
}

TEST_CASE("a target that takes no more fails the flow, and a reset source too") {
  Between b;
  b.fill("lost", 0);
  reset(b.sink);
  CHECK(b.pump() == Outcome::target_failed);
  Between c;
  reset(c.source);
  CHECK(c.pump() == Outcome::source_failed);
}

TEST_CASE("a flow that is given up returns what it holds, however often") {
  Stores stores;
  for (int i = 0; i < 100; ++i) {
    Between b;
    const std::string data = pattern(2'000'000);
    std::size_t at = 0;
    Outcome outcome = Outcome::source_dry;
    while (outcome != Outcome::target_full) {
      at = b.fill(data, at % data.size());
      outcome = b.flow.pump({b.from.get(), b.to.get(), false}, stores);
    }
    b.flow.release(stores);
  }
  CHECK(stores.pipes.get() != nullptr);
}
