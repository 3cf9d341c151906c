// The host as the checks see it: its files below one folder, which a test can give.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::doctor {

/// VsockAnswer: what the kernel says when it is asked for an AF_VSOCK socket.
struct VsockAnswer {
  int error = 0;                           ///< errno of socket(2); 0: there is one
  std::optional<std::uint32_t> local_cid;  ///< this kernel's own CID, where /dev/vsock tells it
};

/// ask_kernel_for_vsock: opens an AF_VSOCK socket and closes it. That loads the kernel's modules when they are not: to
/// be called only where they are.
VsockAnswer ask_kernel_for_vsock();

/// Host: where /proc, /sys, /dev, /etc, /var/lib/nfs, /lib/modules and the units of systemd are looked for.
struct Host {
  std::filesystem::path root = "/";
  VsockAnswer (*vsock)() = ask_kernel_for_vsock;

  /// at: `absolute` below the root.
  [[nodiscard]] std::filesystem::path at(std::string_view absolute) const;
  /// there: whether such a file is there, or anything by that name.
  [[nodiscard]] bool there(std::string_view absolute) const;
  /// text: what stands in a file, at most 8 MiB of it; nothing, with errno: it cannot be read.
  [[nodiscard]] std::optional<std::string> text(std::string_view absolute) const;
  /// number: the first number in a file of /proc; nothing when there is none.
  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view absolute) const;
};

/// read_text: what stands in the regular file `path`, at most 8 MiB of it; nothing, with errno: it cannot be read.
std::optional<std::string> read_text(const std::filesystem::path& path);

}  // namespace gatehouse::doctor
