#include "proxy/ctl/doctor/sockets.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <ranges>

namespace gatehouse::doctor {
namespace {

constexpr unsigned kListen = 0x0a;                 // TCP_LISTEN
constexpr unsigned kAcceptsConnections = 0x10000;  // __SO_ACCEPTCON

// The words of a line; the last one of `most` has the rest of it.
std::vector<std::string_view> fields(std::string_view line, std::size_t most) {
  std::vector<std::string_view> out;
  while (out.size() < most) {
    const std::size_t begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos) break;
    line.remove_prefix(begin);
    const std::size_t end = out.size() + 1 == most ? line.size() : line.find(' ');
    out.push_back(line.substr(0, end));
    line.remove_prefix(out.back().size());
  }
  return out;
}

template <class T>
bool read(std::string_view text, int base, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return error == std::errc() && end == text.data() + text.size();
}

// Words of 32 bits in the host's order of bytes, each as eight digits.
bool read_address(std::string_view digits, std::array<std::uint8_t, 16>& out) {
  if (digits.size() != 8 && digits.size() != 32) return false;
  for (std::size_t i = 0; i < digits.size() / 8; ++i) {
    std::uint32_t word = 0;
    if (!read(digits.substr(8 * i, 8), 16, word)) return false;
    std::memcpy(out.data() + 4 * i, &word, 4);
  }
  return true;
}

}  // namespace

std::vector<TcpSocket> parse_tcp(std::string_view text, bool ipv6) {
  std::vector<TcpSocket> out;
  for (const auto part : std::views::split(text, '\n')) {
    const auto words = fields(std::string_view(part.begin(), part.end()), 11);
    if (words.size() < 10) continue;
    const std::size_t colon = words[1].find(':');
    unsigned state = 0;
    TcpSocket s;
    s.ipv6 = ipv6;
    if (colon == std::string_view::npos || !read_address(words[1].substr(0, colon), s.address) ||
        !read(words[1].substr(colon + 1), 16, s.port) || !read(words[3], 16, state) || !read(words[7], 10, s.uid) ||
        !read(words[9], 10, s.inode))
      continue;
    s.listening = state == kListen;
    out.push_back(s);
  }
  return out;
}

std::optional<std::vector<TcpSocket>> tcp_sockets(const Host& host) {
  const auto v4 = host.text("/proc/net/tcp");
  if (!v4) return std::nullopt;
  std::vector<TcpSocket> out = parse_tcp(*v4, false);
  if (const auto v6 = host.text("/proc/net/tcp6"))  // not there without IPv6
    std::ranges::move(parse_tcp(*v6, true), std::back_inserter(out));
  return out;
}

std::optional<std::uint64_t> unix_listener(std::string_view text, std::string_view path) {
  for (const auto part : std::views::split(text, '\n')) {
    const auto words = fields(std::string_view(part.begin(), part.end()), 8);
    unsigned flags = 0;
    std::uint64_t inode = 0;
    if (words.size() == 8 && words[7] == path && read(words[3], 16, flags) && (flags & kAcceptsConnections) != 0 &&
        read(words[6], 10, inode))
      return inode;
  }
  return std::nullopt;
}

std::string holder_of(const Host& host, std::uint64_t inode) {
  namespace fs = std::filesystem;
  const std::string wanted = "socket:[" + std::to_string(inode) + ']';
  std::error_code gone;  // processes come and go
  for (const auto& process : fs::directory_iterator(host.at("/proc"), gone)) {
    const std::string pid = process.path().filename().string();
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    for (const auto& fd : fs::directory_iterator(process.path() / "fd", gone))
      if (fs::read_symlink(fd.path(), gone) == wanted) {
        const std::string name = host.text("/proc/" + pid + "/comm").value_or("");
        return name.substr(0, name.find('\n'));
      }
  }
  return {};
}

}  // namespace gatehouse::doctor
