#include "guest/relay/options.h"

#include <charconv>
#include <string_view>

namespace gatehouse::guest {
namespace {

using Error = std::unexpected<std::string>;
// A setter reads its value and returns what is wrong with it; empty: nothing.
using Setter = std::string (*)(Options&, std::string_view);

std::string set_listen(Options& o, std::string_view value) {
  auto address = parse_local(value);
  if (!address) return address.error();
  o.listen = std::move(*address);
  return {};
}

std::string set_to(Options& o, std::string_view value) {
  auto address = parse_upstream(value);
  if (!address) return address.error();
  o.to = std::move(*address);
  return {};
}

std::string set_max_connections(Options& o, std::string_view value) {
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), o.max_connections);
  if (error != std::errc{} || end != value.data() + value.size() || o.max_connections == 0 ||
      o.max_connections > kMostConnections)
    return '"' + std::string(value) + "\" is no number of connections: write 1 to " + std::to_string(kMostConnections);
  return {};
}

std::string set_in_use_lock(Options& o, std::string_view value) {
  if (value.empty() || value.front() != '/') return '"' + std::string(value) + "\" is not an absolute path";
  o.in_use_lock = value;
  return {};
}

struct Valued {
  std::string_view name;
  Setter set;
};
constexpr Valued kValued[] = {
    {"--listen", set_listen},
    {"--to", set_to},
    {"--max-connections", set_max_connections},
    {"--exit-when-unused", set_in_use_lock},
};

const Valued* find(std::string_view name) {
  for (const Valued& v : kValued)
    if (v.name == name) return &v;
  return nullptr;
}

}  // namespace

std::expected<Options, std::string> parse_options(std::span<char* const> words) {
  Options out;
  bool has_to = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "--help" || word == "-h" || word == "--version") {
      out.what = word == "--version" ? Options::Do::version : Options::Do::help;
      return out;
    }
    if (word == "--syslog") {
      out.syslog = true;
      continue;
    }
    const auto equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    const Valued* option = find(name);
    if (option == nullptr) return Error("unknown option \"" + std::string(word) + "\": see --help");
    if (equals == std::string_view::npos && ++i == words.size()) return Error(std::string(name) + " needs a value");
    const std::string_view value = equals == std::string_view::npos ? words[i] : word.substr(equals + 1);
    if (const auto fault = option->set(out, value); !fault.empty()) return Error(std::string(name) + ": " + fault);
    has_to = has_to || name == "--to";
  }
  if (!has_to) return Error("--to is missing: write --to vsock:2:2049 for port 2049 of the host");
  return out;
}

std::string usage() {
  return "Usage: gatehouse-guest [--listen ADDRESS] --to ADDRESS [OPTION...]\n"
         "Carries bytes between programs of this virtual machine and a service of its host over AF_VSOCK.\n"
         "\n"
         "  --listen ADDRESS         127.0.0.1:2049, [::1]:2049 or unix:/PATH; loopback only. Without it the relay\n"
         "                           takes the sockets that the service manager passed (LISTEN_FDS).\n"
         "  --to ADDRESS             vsock:2:2049 (2 is the host), or unix:/PATH\n"
         "  --max-connections N      default 256; a quarter is kept for privileged callers\n"
         "  --exit-when-unused FILE  end when nobody is connected, no mount names the relay's port and nobody holds a\n"
         "                           lock (flock) of FILE: what mount.gatehouse uses\n"
         "  --syslog                 log to syslog instead of standard error\n"
         "  -h, --help, --version\n"
         "\n"
         "A caller whose own TCP port is below 1024, or on a unix socket root, is carried from a vsock port below\n"
         "1024. Nobody else ever is.\n";
}

}  // namespace gatehouse::guest
