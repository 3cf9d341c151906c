#include "guest/relay/mounts.h"

#include <dirent.h>
#include <fcntl.h>

#include <cctype>
#include <memory>
#include <optional>
#include <string>

#include "proxy/net/fd.h"

namespace gatehouse::guest {
namespace {

// The next word of `text` up to `mark`, which is taken off.
std::string_view take(std::string_view& text, char mark) {
  const auto at = text.find(mark);
  const auto word = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return word;
}

// proc(5): after " - " come the file system's type, the mount source and the options of the super block.
bool line_names_port(std::string_view line, std::string_view port_option) {
  const auto dash = line.find(" - ");
  if (dash == std::string_view::npos) return false;
  line.remove_prefix(dash + 3);
  if (const auto type = take(line, ' '); type != "nfs" && type != "nfs4") return false;
  take(line, ' ');
  bool port = false;
  bool loopback = false;
  while (!line.empty()) {
    const auto option = take(line, ',');
    port = port || option == port_option;
    loopback = loopback || option.starts_with("addr=127.") || option == "addr=::1";
  }
  return port && loopback;
}

std::optional<std::string> contents(const char* path) {
  const net::UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC));
  if (!fd) return std::nullopt;
  std::string out;
  char piece[16 * 1024];
  ssize_t n = 0;
  while ((n = ::read(fd.get(), piece, sizeof piece)) > 0) out.append(piece, static_cast<std::size_t>(n));
  return n == 0 ? std::optional(std::move(out)) : std::nullopt;
}

bool mounted_elsewhere(std::uint16_t port) {
  const std::unique_ptr<DIR, int (*)(DIR*)> proc(::opendir("/proc"), ::closedir);
  if (proc == nullptr) return true;
  while (const dirent* entry = ::readdir(proc.get())) {
    if (std::isdigit(static_cast<unsigned char>(entry->d_name[0])) == 0) continue;
    // A process that has gone meanwhile holds no mount.
    const auto text = contents(("/proc/" + std::string(entry->d_name) + "/mountinfo").c_str());
    if (text && names_port(*text, port)) return true;
  }
  return false;
}

}  // namespace

bool names_port(std::string_view mountinfo, std::uint16_t port) {
  const std::string option = "port=" + std::to_string(port);
  while (!mountinfo.empty())
    if (line_names_port(take(mountinfo, '\n'), option)) return true;
  return false;
}

bool mounted(std::uint16_t port) {
  const auto own = contents("/proc/self/mountinfo");
  return !own || names_port(*own, port) || mounted_elsewhere(port);
}

}  // namespace gatehouse::guest
