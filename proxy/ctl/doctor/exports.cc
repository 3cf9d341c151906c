#include "proxy/ctl/doctor/exports.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>
#include <ranges>

namespace gatehouse::doctor {
namespace {

constexpr std::uint32_t kLongestPath = 1024;  // MNTPATHLEN
constexpr std::uint32_t kLongestName = 255;   // MNTNAMLEN

std::uint32_t host_order(const std::array<std::uint8_t, 4>& a) {
  return std::uint32_t{a[0]} << 24 | std::uint32_t{a[1]} << 16 | std::uint32_t{a[2]} << 8 | a[3];
}

std::optional<std::uint32_t> ipv4(std::string_view text) {
  in_addr out{};
  if (::inet_pton(AF_INET, std::string(text).c_str(), &out) != 1) return std::nullopt;
  return ntohl(out.s_addr);
}

// "24" or "255.255.255.0".
std::optional<std::uint32_t> mask_of(std::string_view text) {
  if (text.find('.') != std::string_view::npos) return ipv4(text);
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
  if (error != std::errc() || end != text.data() + text.size() || bits > 32) return std::nullopt;
  return bits == 0 ? std::uint32_t{0} : ~std::uint32_t{0} << (32 - bits);
}

bool octal_digit(char c) {
  return c >= '0' && c <= '7';
}

// exportfs writes blanks and the like as \ooo.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view three = text.substr(i + 1, 3);
    if (text[i] != '\\' || three.size() < 3 || !octal_digit(three[0]) || !octal_digit(three[1]) ||
        !octal_digit(three[2])) {
      out += text[i];
      continue;
    }
    out += static_cast<char>((three[0] - '0') * 64 + (three[1] - '0') * 8 + (three[2] - '0'));
    i += 3;
  }
  return out;
}

bool has_option(std::string_view options, std::string_view wanted) {
  for (const auto part : std::views::split(options, ','))
    if (std::string_view(part.begin(), part.end()) == wanted) return true;
  return false;
}

}  // namespace

Client::Client(std::string_view spec, bool insecure) : spec_(spec), insecure_(insecure) {
  const std::size_t slash = spec.find('/');
  const bool by_flavor = spec.starts_with("gss/");  // the gateway calls with AUTH_SYS
  if (const auto address = ipv4(spec.substr(0, slash)); spec == "*") {
    network_ = 0;
  } else if (address) {
    const auto mask = slash == std::string_view::npos ? ~std::uint32_t{0} : mask_of(spec.substr(slash + 1));
    if (mask) network_ = *address & (mask_ = *mask);
  } else if (!spec.empty() && !by_flavor && slash == std::string_view::npos &&
             spec.find(':') == std::string_view::npos) {
    else_ = Match::perhaps;
  }
}

Match Client::match(const std::array<std::uint8_t, 4>& address) const {
  return (host_order(address) & mask_) == network_ ? Match::yes : else_;
}

std::vector<Export> parse_etab(std::string_view text) {
  std::vector<Export> out;
  for (const auto part : std::views::split(text, '\n')) {
    const std::string_view line(part.begin(), part.end());
    const std::size_t blank = line.find_first_of(" \t");
    const std::size_t open = line.find('(', blank == std::string_view::npos ? line.size() : blank);
    if (!line.starts_with('/') || open == std::string_view::npos || !line.ends_with(')')) continue;
    const std::string_view client = line.substr(blank + 1, open - blank - 1);
    if (client.empty()) continue;
    const std::string_view options = line.substr(open + 1, line.size() - open - 2);
    std::string path = unescaped(line.substr(0, blank));
    if (out.empty() || out.back().path != path) out.push_back({std::move(path), {}});
    out.back().clients.emplace_back(unescaped(client), has_option(options, "insecure"));
  }
  return out;
}

std::optional<std::vector<Export>> parse_mount_exports(rpc::Bytes results) {
  std::vector<Export> out;
  rpc::XdrReader r(results);
  std::uint32_t next = r.u32();
  for (; next == 1; next = r.u32()) {
    Export& e = out.emplace_back(Export{std::string(r.text(kLongestPath)), {}});
    std::uint32_t more = r.u32();
    for (; more == 1; more = r.u32()) e.clients.emplace_back(r.text(kLongestName));
    if (more != 0) return std::nullopt;
    if (e.clients.empty()) e.clients.emplace_back("*");
  }
  if (next != 0 || !r.at_end()) return std::nullopt;
  return out;
}

Match admits(const Export& e, const std::array<std::uint8_t, 4>& address) {
  Match best = Match::no;
  for (const Client& c : e.clients) {
    const Match m = c.match(address);
    if (m == Match::yes) return m;
    if (m == Match::perhaps) best = m;
  }
  return best;
}

bool listens_in_portlist(std::string_view portlist, std::uint16_t port) {
  const std::string wanted = "tcp " + std::to_string(port);
  for (const auto part : std::views::split(portlist, '\n'))
    if (std::string_view(part.begin(), part.end()) == wanted) return true;
  return false;
}

}  // namespace gatehouse::doctor
