#include "proxy/net/hybrid.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <string_view>

namespace gatehouse::net {
namespace {

constexpr std::string_view kOk = "OK ";
constexpr std::size_t kLongest = 3 + 10 + 1;  // the port is a decimal of 32 bits

// Whether `line` (no line end) is the answer, or its beginning.
bool is_answer(std::string_view line, bool whole) {
  const std::string_view head = line.substr(0, kOk.size());
  const std::string_view digits = line.substr(head.size());
  if (head != kOk.substr(0, head.size()) || (whole && digits.empty())) return false;
  return std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool ask_for_port(int fd, std::uint32_t port) {
  const std::string request = "CONNECT " + std::to_string(port) + '\n';
  return ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size());
}

// Looked at first and taken then: the service may have sent something right behind the line.
Greeting read_greeting(int fd) {
  std::array<char, kLongest> buffer;
  const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), MSG_PEEK);
  if (got == 0) return Greeting::closed;
  if (got < 0) return errno == EAGAIN || errno == EINTR ? Greeting::awaited : Greeting::failed;
  const std::string_view seen(buffer.data(), static_cast<std::size_t>(got));
  const std::size_t end = seen.find('\n');
  const bool whole = end != std::string_view::npos;
  if (!is_answer(seen.substr(0, end), whole)) return Greeting::garbage;
  if (!whole) return seen.size() < kLongest ? Greeting::awaited : Greeting::garbage;
  return ::recv(fd, buffer.data(), end + 1, 0) == static_cast<ssize_t>(end + 1) ? Greeting::accepted : Greeting::failed;
}

}  // namespace gatehouse::net
