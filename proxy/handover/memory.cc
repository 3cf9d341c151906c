#include "proxy/handover/memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace gatehouse::handover {
namespace {

constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
constexpr const char* kName = "gatehouse-contexts";  // in /proc/PID/fd
#ifndef MFD_NOEXEC_SEAL
constexpr unsigned MFD_NOEXEC_SEAL = 8;  // Linux 6.3
#endif

}  // namespace

net::UniqueFd make_memory() {
  // Where sysctl vm.memfd_noexec is 2 only this is allowed; older kernels know it not.
  net::UniqueFd fd(::memfd_create(kName, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL));
  if (!fd && errno == EINVAL) fd.reset(::memfd_create(kName, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  return fd;
}

bool append(int memory, rpc::Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(memory, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

bool seal_memory(int memory) {
  return ::fcntl(memory, F_ADD_SEALS, kSeals) == 0;
}

std::expected<gss::WipedBytes, std::string> read_memory(int memory, std::size_t most) {
  // Only memory has seals; of anything else the kernel says EINVAL.
  const int seals = ::fcntl(memory, F_GET_SEALS);
  if (seals < 0) return std::unexpected("it is no sealed memory");
  if ((seals & kSeals) != kSeals) return std::unexpected("it is not sealed: somebody could change it");
  struct stat st{};
  if (::fstat(memory, &st) != 0) return std::unexpected(std::strerror(errno));
  const auto size = static_cast<std::uint64_t>(st.st_size);
  if (size > most) return std::unexpected("it has " + std::to_string(size) + " bytes");
  gss::WipedBytes out(size);
  for (std::size_t at = 0; at < out.size();) {
    const ssize_t n = ::pread(memory, out.data() + at, out.size() - at, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return std::unexpected(n < 0 ? std::strerror(errno) : "it ends before its size");
    at += static_cast<std::size_t>(n);
  }
  return out;
}

}  // namespace gatehouse::handover
