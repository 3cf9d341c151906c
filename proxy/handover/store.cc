#include "proxy/handover/store.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "proxy/handover/memory.h"

namespace gatehouse::handover {
namespace {

constexpr unsigned kDescriptors = 2;
constexpr std::uint64_t kPatience = 5'000'000;  // microseconds, for the service manager to read a message

std::string named() {
  return "FDNAME=" + std::string(kStoreName);
}

// Where a descriptor belongs by its kind; null: nowhere.
net::UniqueFd* place_of(int fd, Returned& out) {
  struct stat st{};
  if (::fstat(fd, &st) != 0) return nullptr;
  if (S_ISREG(st.st_mode)) return &out.memory;
  return S_ISFIFO(st.st_mode) ? &out.key : nullptr;
}

bool read_key(int pipe, Key& key) {
  // Another process may have the other end, or nobody has written: nobody is waited for.
  if (::fcntl(pipe, F_SETFL, O_NONBLOCK) != 0) return false;
  std::array<std::uint8_t, Key::kSize + 1> bytes{};
  const ssize_t n = ::read(pipe, bytes.data(), bytes.size());
  std::memcpy(key.bytes.data(), bytes.data(), key.bytes.size());
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return n == static_cast<ssize_t>(Key::kSize);
}

}  // namespace

Offer offered() {
  const char* const manager = std::getenv("NOTIFY_SOCKET");
  if (manager == nullptr || *manager == '\0') return Offer::none;
  const char* const room = std::getenv("FDSTORE");
  if (room == nullptr) return Offer::open;
  unsigned n = 0;
  const char* const end = room + std::strlen(room);
  const auto [at, error] = std::from_chars(room, end, n);
  return error == std::errc() && at == end && n < kDescriptors ? Offer::no : Offer::open;
}

std::expected<KeyPipe, int> make_key_pipe(const Key& key) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return std::unexpected(errno);
  KeyPipe out{net::UniqueFd(ends[0]), net::UniqueFd(ends[1])};
  if (::write(out.in.get(), key.bytes.data(), key.bytes.size()) != static_cast<ssize_t>(Key::kSize))
    return std::unexpected(errno);
  return out;
}

Kept keep(net::UniqueFd memory, KeyPipe key) {
  // One message, so that there is never one without the other. FDPOLL=0: a pipe whose writer is gone "hangs up", and
  // would be thrown out.
  const std::string message = "FDSTORE=1\nFDPOLL=0\n" + named();
  const std::array<int, kDescriptors> both = {memory.get(), key.out.get()};
  const int sent = ::sd_pid_notify_with_fds(0, 0, message.c_str(), both.data(), kDescriptors);
  if (sent <= 0) {
    errno = sent == 0 ? ENOTCONN : -sent;
    return Kept::failed;
  }
  // Whoever is asked by a process that has ended may no longer know whose message it was.
  const bool answered = ::sd_notify_barrier(0, kPatience) > 0;
  memory.reset();
  key.out.reset();
  if (!answered) return Kept::unanswered;
  // A store that refuses says nothing, but closes what it got; a pipe knows whether anybody could read it.
  pollfd end{key.in.get(), POLLOUT, 0};
  if (::poll(&end, 1, 0) < 0) return Kept::unanswered;
  return (end.revents & POLLERR) != 0 ? Kept::refused : Kept::kept;
}

void forget() {
  ::sd_notify(0, ("FDSTOREREMOVE=1\n" + named()).c_str());
}

Returned take_returned(std::vector<net::PassedSocket>& passed) {
  Returned out;
  bool twice = false;
  bool strange = false;
  std::erase_if(passed, [&](net::PassedSocket& p) {
    if (p.name != kStoreName) return false;
    out.any = true;
    net::UniqueFd fd(std::exchange(p.fd, -1));
    net::UniqueFd* const place = place_of(fd.get(), out);
    strange = strange || place == nullptr;
    twice = twice || (place != nullptr && *place);
    if (place != nullptr) *place = std::move(fd);
    return true;
  });
  if (strange) {
    out.fault = "one is neither memory nor a pipe";
  } else if (twice) {
    out.fault = "there are two of a kind";
  } else if (out.any && (!out.memory || !out.key)) {
    out.fault = out.memory ? "the key is missing" : "the memory is missing";
  }
  return out;
}

std::expected<void, std::string> read_returned(const Returned& from, Contents& into) {
  if (!from.fault.empty()) return std::unexpected(from.fault);
  // The key first: once it is read nobody can use the memory again, whatever happens to this process.
  if (!read_key(from.key.get(), into.key)) return std::unexpected("the pipe does not hold a key");
  auto sealed = read_memory(from.memory.get(), kMostSealed);
  if (!sealed) return std::unexpected(std::move(sealed.error()));
  into.sealed = std::move(*sealed);
  return {};
}

}  // namespace gatehouse::handover
