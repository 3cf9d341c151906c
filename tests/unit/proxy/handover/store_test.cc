#include "proxy/handover/store.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/handover/memory.h"
#include "tests/unit/proxy/handover/manager.h"
#include "tests/unit/rpc/bytes.h"

using namespace gatehouse;
using namespace gatehouse::test;
using handover::Contents;
using handover::Kept;
using handover::Key;
using handover::kStoreName;
using handover::Offer;
using handover::Returned;
using net::UniqueFd;

namespace {

UniqueFd sealed_memory(const Buffer& content) {
  UniqueFd fd = handover::make_memory();
  REQUIRE(fd);
  REQUIRE(handover::append(fd.get(), content));
  REQUIRE(handover::seal_memory(fd.get()));
  return fd;
}

UniqueFd pipe_with(const Buffer& content) {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  const UniqueFd in(ends[1]);
  REQUIRE(::write(in.get(), content.data(), content.size()) == static_cast<ssize_t>(content.size()));
  return UniqueFd(ends[0]);
}

Buffer key_bytes() {
  return Buffer(Key::kSize, 7);
}

// take_returned and read_returned of these, all with the name of the store.
std::expected<void, std::string> read_all(std::vector<UniqueFd> fds, Contents& into) {
  std::vector<net::PassedSocket> passed;
  for (UniqueFd& fd : fds) passed.push_back({std::string(kStoreName), fd.release()});
  const Returned back = handover::take_returned(passed);
  CHECK(passed.empty());
  CHECK(back.any == !fds.empty());
  return handover::read_returned(back, into);
}

// Why these are refused.
std::string refusal(std::vector<UniqueFd> fds) {
  Contents contents;
  const auto read = read_all(std::move(fds), contents);
  REQUIRE_FALSE(read);
  return read.error();
}

std::string refusal(UniqueFd memory, UniqueFd key) {
  std::vector<UniqueFd> both;
  both.push_back(std::move(memory));
  both.push_back(std::move(key));
  return refusal(std::move(both));
}

}  // namespace

TEST_CASE("memory and key come back from the store as they were given, by one message [L8]") {
  Manager manager;
  Key key;
  REQUIRE(key.fill());
  auto pipe = handover::make_key_pipe(key);
  REQUIRE(pipe);
  CHECK(handover::keep(sealed_memory(bytes("content")), std::move(*pipe)) == Kept::kept);
  const auto said = manager.said();
  REQUIRE(said.size() == 2);
  CHECK(said[0] == "FDSTORE=1\nFDPOLL=0\nFDNAME=gatehouse-contexts");
  CHECK(said[1] == "BARRIER=1");
  Contents contents;
  REQUIRE(read_all(manager.stored(), contents));
  CHECK(contents.key.bytes == key.bytes);
  CHECK(std::ranges::equal(contents.sealed, bytes("content")));
  handover::forget();
}

TEST_CASE("a store that keeps nothing is found out, though it says nothing [L8]") {
  Manager manager(true);
  Key key;
  auto pipe = handover::make_key_pipe(key);
  REQUIRE(pipe);
  CHECK(handover::keep(sealed_memory(bytes("content")), std::move(*pipe)) == Kept::refused);
}

TEST_CASE("without a service manager nothing can be kept [L8]") {
  ::unsetenv("NOTIFY_SOCKET");
  Key key;
  auto pipe = handover::make_key_pipe(key);
  REQUIRE(pipe);
  CHECK(handover::keep(sealed_memory(bytes("content")), std::move(*pipe)) == Kept::failed);
  ::setenv("NOTIFY_SOCKET", "@gatehouse-test-nobody-is-here", 1);
  pipe = handover::make_key_pipe(key);
  CHECK(handover::keep(sealed_memory(bytes("content")), std::move(*pipe)) == Kept::failed);
  ::unsetenv("NOTIFY_SOCKET");
}

TEST_CASE("whether there is a store is told by the environment, as far as it can [L8]") {
  ::unsetenv("NOTIFY_SOCKET");
  ::unsetenv("FDSTORE");
  CHECK(handover::offered() == Offer::none);
  ::setenv("NOTIFY_SOCKET", "", 1);
  CHECK(handover::offered() == Offer::none);
  ::setenv("NOTIFY_SOCKET", "@x", 1);
  CHECK(handover::offered() == Offer::open);
  for (const auto& [room, offer] :
       {std::pair{"0", Offer::no}, {"1", Offer::no}, {"2", Offer::open}, {"16", Offer::open}, {"many", Offer::open}}) {
    ::setenv("FDSTORE", room, 1);
    CHECK(handover::offered() == offer);
  }
  ::unsetenv("FDSTORE");
  ::unsetenv("NOTIFY_SOCKET");
}

TEST_CASE("descriptors of other names stay where they are [L8]") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  std::vector<net::PassedSocket> passed = {{"nfs", ends[0]}, {"gatehouse-contexts-2", ends[1]}};
  const Returned back = handover::take_returned(passed);
  CHECK_FALSE(back.any);
  REQUIRE(passed.size() == 2);
  CHECK(passed[0].fd == ends[0]);
  for (const int fd : ends) CHECK(::close(fd) == 0);
}

TEST_CASE("what is no save is refused, with what is wrong, and nobody is waited for [L8, V3]") {
  CHECK(refusal(sealed_memory({}), UniqueFd(::open("/", O_RDONLY | O_CLOEXEC))) == "one is neither memory nor a pipe");
  CHECK(refusal(UniqueFd(::open("/dev/zero", O_RDONLY | O_CLOEXEC)), pipe_with(key_bytes())) ==
        "one is neither memory nor a pipe");
  CHECK(refusal(UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), pipe_with(key_bytes())) ==
        "one is neither memory nor a pipe");
  CHECK(refusal(sealed_memory({}), sealed_memory({})) == "there are two of a kind");
  CHECK(refusal(pipe_with(key_bytes()), pipe_with(key_bytes())) == "there are two of a kind");
  std::vector<UniqueFd> alone;
  alone.push_back(sealed_memory({}));
  CHECK(refusal(std::move(alone)) == "the key is missing");
  alone.clear();
  alone.push_back(pipe_with(key_bytes()));
  CHECK(refusal(std::move(alone)) == "the memory is missing");
  CHECK(refusal(UniqueFd(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)), pipe_with(key_bytes())) ==
        "it is no sealed memory");
}

TEST_CASE("a pipe with less than a key, or more, or nothing and an open end, holds none [L8, V3]") {
  Buffer more = key_bytes();
  more.push_back(0);
  for (const Buffer& content : {Buffer{}, Buffer(Key::kSize - 1, 7), more})
    CHECK(refusal(sealed_memory({}), pipe_with(content)) == "the pipe does not hold a key");
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  const UniqueFd open_end(ends[1]);
  CHECK(refusal(sealed_memory({}), UniqueFd(ends[0])) == "the pipe does not hold a key");
  // The end to write to is no end to read from.
  std::array<int, 2> other{};
  REQUIRE(::pipe2(other.data(), O_CLOEXEC) == 0);
  const UniqueFd reader(other[0]);
  CHECK(refusal(sealed_memory({}), UniqueFd(other[1])) == "the pipe does not hold a key");
}

TEST_CASE("memory that could still be changed is refused, whichever seal is missing [L8, V3]") {
  constexpr int kAll = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
  for (const int missing : {F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE, F_SEAL_SEAL}) {
    UniqueFd fd = handover::make_memory();
    REQUIRE(::fcntl(fd.get(), F_ADD_SEALS, kAll & ~missing) == 0);
    CHECK(refusal(std::move(fd), pipe_with(key_bytes())) == "it is not sealed: somebody could change it");
  }
}

TEST_CASE("sealed memory takes no more, and memory beyond the bound is refused unread [L8]") {
  const UniqueFd fd = sealed_memory(bytes("content"));
  CHECK_FALSE(handover::append(fd.get(), bytes("more")));
  CHECK(::ftruncate(fd.get(), 0) != 0);
  CHECK(handover::read_memory(fd.get(), 7));
  const auto beyond = handover::read_memory(fd.get(), 6);
  REQUIRE_FALSE(beyond);
  CHECK(beyond.error() == "it has 7 bytes");
}

TEST_CASE("a key is read once: what uses it again finds none [G12]") {
  const UniqueFd memory = sealed_memory(bytes("content"));
  const UniqueFd key = pipe_with(key_bytes());
  const auto again = [&] {
    Contents contents;
    std::vector<UniqueFd> both;
    both.emplace_back(::dup(memory.get()));
    both.emplace_back(::dup(key.get()));
    return read_all(std::move(both), contents).has_value();
  };
  CHECK(again());
  CHECK_FALSE(again());
}
