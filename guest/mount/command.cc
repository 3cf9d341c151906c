#include "guest/mount/command.h"

#include <charconv>
#include <vector>

namespace gatehouse::guest {
namespace {

using Error = std::unexpected<std::string>;
constexpr std::uint32_t kMaxVsockPort = 0xfffffffeU;

// What the words say before options are looked into.
struct Words {
  std::vector<std::string> names;  // SPEC and DIR
  std::string options;
};

// A cluster of flags without values, such as -sv. Returns the one that is unknown, or 0.
char read_flags(std::string_view flags, Command& out, Words& words) {
  for (const char c : flags) {
    switch (c) {
      case 'f': out.fake = true; break;
      case 'v': out.verbose = true; break;
      case 'n':
      case 's': out.flags += c; break;
      case 'r': words.options += ",ro"; break;
      case 'w': words.options += ",rw"; break;
      case 'h': out.what = Command::Do::help; break;
      case 'V': out.what = Command::Do::version; break;
      default: return c;
    }
  }
  return 0;
}

std::expected<Words, std::string> read_words(std::span<char* const> in, Command& out) {
  Words words;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const std::string_view word = in[i];
    if (word.size() < 2 || word.front() != '-') {
      words.names.emplace_back(word);
      continue;
    }
    if (word == "--help") return out.what = Command::Do::help, words;
    if (word == "--version") return out.what = Command::Do::version, words;
    if (word[1] == 'o' || word[1] == 't' || word[1] == 'N') {
      std::string_view value = word.substr(2);
      if (value.empty() && ++i == in.size()) return Error(std::string(word) + " needs a value");
      if (value.empty()) value = in[i];
      if (word[1] == 'o') words.options.append(",").append(value);
    } else if (read_flags(word.substr(1), out, words) != 0) {
      return Error("unknown option \"" + std::string(word) + "\": see mount.gatehouse -h");
    }
  }
  return words;
}

std::string take_port(Command& c) {
  const auto text = c.options.take("vsockport");
  if (!text) return {};
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), c.vsock_port);
  if (error == std::errc{} && end == text->data() + text->size() && c.vsock_port != 0 && c.vsock_port <= kMaxVsockPort)
    return {};
  return "vsockport=" + *text + " is no vsock port: write a number of 1 to 4294967294; 2049 is the default";
}

std::string take_relay(Command& c) {
  const auto text = c.options.take("relay");
  if (!text) return {};
  const auto address = parse_local(*text);
  if (!address) return "relay=" + *text + ": " + address.error();
  const auto* tcp = std::get_if<net::TcpAddress>(&*address);
  if (tcp == nullptr) return "relay=" + *text + ": the kernel's NFS client speaks TCP: write relay=127.0.0.1:2049";
  c.relay = *tcp;
  return {};
}

bool is_host_name(std::string_view s) {
  if (s.empty() || s.size() > 253 || s.front() == '-' || s.front() == '.') return false;
  for (const char c : s)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.'))
      return false;
  return true;
}

std::string take_server(Command& c) {
  const auto text = c.options.take("server");
  if (!text) return {};
  if (!is_host_name(*text))
    return "server=" + *text +
           " is no host name: write the one in the host's keytab, for example server=host.example.com";
  c.server = *text;
  return {};
}

// Options of NFS that are this helper's to set.
std::string check_others(const OptionList& options) {
  if (options.has("port")) return "port= is the relay's own; the host's vsock port is vsockport=";
  for (const char* name : {"addr", "mountport", "mountproto", "mountaddr", "mounthost", "udp", "rdma"})
    if (options.has(name)) return std::string(name) + " cannot be chosen: the relay speaks TCP on loopback";
  if (const auto proto = options.value("proto"); proto && *proto != "tcp")
    return "proto=" + *proto + " cannot be chosen: the relay speaks TCP on loopback";
  return {};
}

}  // namespace

std::expected<Command, std::string> parse_command(std::span<char* const> words) {
  Command out;
  auto read = read_words(words, out);
  if (!read) return Error(read.error());
  if (out.what != Command::Do::mount) return out;
  if (read->names.size() != 2)
    return Error("write mount.gatehouse SPEC DIRECTORY [-o OPTIONS], for example: mount.gatehouse 2:/export /mnt");
  auto spec = parse_spec(read->names[0]);
  if (!spec) return Error(spec.error());
  out.spec = std::move(*spec);
  out.directory = read->names[1];
  auto options = OptionList::parse(read->options);
  if (!options) return Error(options.error());
  out.options = std::move(*options);
  for (const auto take : {take_port, take_relay, take_server})
    if (const auto fault = take(out); !fault.empty()) return Error(fault);
  if (out.relay && out.vsock_port != kNfsPort)
    return Error("relay= and vsockport= exclude each other: a relay that runs goes to its own port");
  if (const auto fault = check_others(out.options); !fault.empty()) return Error(fault);
  return out;
}

std::string usage_of_mount() {
  return "Usage: mount -t gatehouse CID:/PATH DIRECTORY [-o OPTIONS]\n"
         "Mounts a directory that the host (CID 2) exports, by the kernel's NFS client over AF_VSOCK.\n"
         "\n"
         "  vsockport=PORT        the gateway's vsock port; default 2049\n"
         "  relay=127.0.0.1:PORT  use this relay, which runs; by default one is found or started\n"
         "  server=NAME           the host's name in Kerberos: rpc.gssd asks for a ticket for nfs/NAME\n"
         "\n"
         "All other options are those of nfs(5): vers=, sec=, ... Without vers= it is NFSv4, the newest that both "
         "know.\n"
         "Flags, as mount(8) passes them: -f -n -r -s -v -w, -t TYPE, -N NAMESPACE; -h, --help, -V, --version\n";
}

}  // namespace gatehouse::guest
