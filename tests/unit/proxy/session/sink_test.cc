#include "proxy/session/sink.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <numeric>
#include <vector>

#include "proxy/net/fd.h"
#include "tests/support/catch.h"

using gatehouse::net::UniqueFd;
using gatehouse::session::Batch;
using gatehouse::session::Buffer;
using gatehouse::session::BufferPool;
using gatehouse::session::Sink;

namespace {

// A connected pair of stream sockets, ours in an epoll set as a session's would be.
struct Pair {
  UniqueFd ours, theirs;
  UniqueFd epoll{::epoll_create1(EPOLL_CLOEXEC)};
  int tag = 0;

  Pair() {
    int fds[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    ours.reset(fds[0]);
    theirs.reset(fds[1]);
    epoll_event e{};
    e.events = EPOLLIN | EPOLLET;
    REQUIRE(::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, ours.get(), &e) == 0);
  }
  std::vector<std::uint8_t> read_all() const {
    std::vector<std::uint8_t> out;
    std::uint8_t block[65536];
    for (ssize_t n; (n = ::recv(theirs.get(), block, sizeof block, 0)) > 0;) out.insert(out.end(), block, block + n);
    return out;
  }
};

std::vector<std::uint8_t> pattern(std::size_t n) {
  std::vector<std::uint8_t> v(n);
  std::iota(v.begin(), v.end(), std::uint8_t{0});
  return v;
}

}  // namespace

TEST_CASE("what a full socket does not take waits in order and goes out when the socket is writable") {
  Pair pair;
  BufferPool pool;
  Sink sink(pool);
  sink.attach(pair.ours.get(), pair.epoll.get(), &pair.tag);
  const auto data = pattern(4 << 20);
  Batch batch;
  batch.to(sink);
  batch.put(data);
  batch.finish();
  CHECK(sink.blocked());
  CHECK(sink.pending() > 0);
  std::vector<std::uint8_t> got;
  while (got.size() < data.size()) {
    const auto more = pair.read_all();
    REQUIRE_FALSE(more.empty());
    got.insert(got.end(), more.begin(), more.end());
    sink.on_writable();
  }
  CHECK(got == data);
  CHECK_FALSE(sink.blocked());
  CHECK(sink.pending() == 0);
}

TEST_CASE("what is sent before the link is there goes first when it comes") {
  Pair pair;
  BufferPool pool;
  Sink sink(pool);
  Batch batch;
  const auto data = pattern(100);
  batch.to(sink);
  batch.copy(gatehouse::rpc::Bytes(data).first(40));
  batch.finish();
  CHECK(sink.blocked());
  sink.attach(pair.ours.get(), pair.epoll.get(), &pair.tag);
  CHECK_FALSE(sink.blocked());
  batch.to(sink);
  batch.copy(gatehouse::rpc::Bytes(data).subspan(40));
  batch.finish();
  CHECK(pair.read_all() == data);
}

TEST_CASE("many small and large pieces for two sinks arrive whole and apart") {
  Pair a, b;
  BufferPool pool;
  Sink to_a(pool), to_b(pool);
  to_a.attach(a.ours.get(), a.epoll.get(), &a.tag);
  to_b.attach(b.ours.get(), b.epoll.get(), &b.tag);
  Batch batch;
  std::vector<std::vector<std::uint8_t>> pieces;
  for (std::size_t i = 0; i < 300; ++i) pieces.push_back(pattern(i % 7 == 0 ? 3000 : i));
  std::vector<std::uint8_t> want_a, want_b, got_a, got_b;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const bool first = i % 50 < 25;
    batch.to(first ? to_a : to_b);
    auto& want = first ? want_a : want_b;
    if (i % 3 == 0) {
      const std::vector<std::uint8_t> before = pattern(i % 5 + 1);
      batch.put(before, pieces[i]);
      want.insert(want.end(), before.begin(), before.end());
    } else {
      batch.put(pieces[i]);
    }
    want.insert(want.end(), pieces[i].begin(), pieces[i].end());
    if (i % 50 == 49) {
      batch.finish();
      for (const auto& [pair, got] : {std::pair{&a, &got_a}, std::pair{&b, &got_b}}) {
        const auto more = pair->read_all();
        got->insert(got->end(), more.begin(), more.end());
      }
    }
  }
  CHECK(got_a == want_a);
  CHECK(got_b == want_b);
}

TEST_CASE("a broken socket fails the sink and keeps nothing") {
  Pair pair;
  BufferPool pool;
  Sink sink(pool);
  sink.attach(pair.ours.get(), pair.epoll.get(), &pair.tag);
  pair.theirs.reset();
  Batch batch;
  const auto data = pattern(10);
  batch.to(sink);
  batch.copy(data);
  batch.finish();
  CHECK(sink.failed());
  CHECK(sink.pending() == 0);
}

TEST_CASE("a buffer that is given away waits where it is, in its turn, and goes back to the pool") {
  Pair pair;
  BufferPool pool;
  Sink sink(pool);
  sink.attach(pair.ours.get(), pair.epoll.get(), &pair.tag);
  const auto data = pattern(2 << 20);
  Buffer buffer = pool.get(data.size() + 10);
  std::copy(data.begin(), data.end(), buffer.memory.get() + 10);
  sink.send_owned(std::move(buffer), 10, 10 + data.size());
  REQUIRE(sink.blocked());
  CHECK(pool.idle() == 0);
  auto tail = pattern(100);
  iovec piece{tail.data(), tail.size()};
  sink.send(&piece, 1);
  std::vector<std::uint8_t> got;
  while (sink.blocked()) {
    const auto part = pair.read_all();
    got.insert(got.end(), part.begin(), part.end());
    sink.on_writable();
  }
  const auto part = pair.read_all();
  got.insert(got.end(), part.begin(), part.end());
  auto expected = data;
  expected.insert(expected.end(), tail.begin(), tail.end());
  CHECK(got == expected);
  CHECK(sink.pending() == 0);
  CHECK(pool.idle() > 0);
}
