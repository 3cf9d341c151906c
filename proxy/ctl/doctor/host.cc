#include "proxy/ctl/doctor/host.h"

#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <charconv>

#include "proxy/net/fd.h"

namespace gatehouse::doctor {

VsockAnswer ask_kernel_for_vsock() {
  VsockAnswer out;
  const net::UniqueFd probe(::socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!probe) out.error = errno;
  const net::UniqueFd device(::open("/dev/vsock", O_RDONLY | O_CLOEXEC));
  unsigned int cid = 0;
  if (device && ::ioctl(device.get(), IOCTL_VM_SOCKETS_GET_LOCAL_CID, &cid) == 0) out.local_cid = cid;
  return out;
}

std::filesystem::path Host::at(std::string_view absolute) const {
  return root / absolute.substr(1);
}

bool Host::there(std::string_view absolute) const {
  std::error_code ignored;
  return std::filesystem::exists(std::filesystem::symlink_status(at(absolute), ignored));
}

std::optional<std::string> Host::text(std::string_view absolute) const {
  return read_text(at(absolute));
}

std::optional<std::uint64_t> Host::number(std::string_view absolute) const {
  const auto all = text(absolute);
  if (!all) return std::nullopt;
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(all->data(), all->data() + all->size(), out);
  return error == std::errc() ? std::optional(out) : std::nullopt;
}

std::optional<std::string> read_text(const std::filesystem::path& path) {
  constexpr std::size_t kMost = 8U << 20;
  const net::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat st{};
  if (!fd || ::fstat(fd.get(), &st) != 0) return std::nullopt;
  if (!S_ISREG(st.st_mode)) {
    errno = EINVAL;
    return std::nullopt;
  }
  std::string out;
  char buffer[16384];
  while (out.size() < kMost) {
    const ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
    if (n == 0) break;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::nullopt;
    out.append(buffer, static_cast<std::size_t>(n));
  }
  return out;
}

}  // namespace gatehouse::doctor
