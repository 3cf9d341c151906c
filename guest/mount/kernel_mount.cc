#include "guest/mount/kernel_mount.h"

#include <sys/mount.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace gatehouse::guest {
namespace {

// mount(8), "FILESYSTEM-INDEPENDENT MOUNT OPTIONS".
struct Flag {
  std::string_view name;
  unsigned long set;
  unsigned long clear;
};
constexpr std::array kFlags = {
    Flag{"ro", MS_RDONLY, 0},
    Flag{"rw", 0, MS_RDONLY},
    Flag{"nosuid", MS_NOSUID, 0},
    Flag{"suid", 0, MS_NOSUID},
    Flag{"nodev", MS_NODEV, 0},
    Flag{"dev", 0, MS_NODEV},
    Flag{"noexec", MS_NOEXEC, 0},
    Flag{"exec", 0, MS_NOEXEC},
    Flag{"sync", MS_SYNCHRONOUS, 0},
    Flag{"async", 0, MS_SYNCHRONOUS},
    Flag{"dirsync", MS_DIRSYNC, 0},
    Flag{"remount", MS_REMOUNT, 0},
    Flag{"noatime", MS_NOATIME, 0},
    Flag{"atime", 0, MS_NOATIME},
    Flag{"nodiratime", MS_NODIRATIME, 0},
    Flag{"diratime", 0, MS_NODIRATIME},
    Flag{"relatime", MS_RELATIME, 0},
    Flag{"norelatime", 0, MS_RELATIME},
    Flag{"strictatime", MS_STRICTATIME, 0},
    Flag{"user", MS_NOSUID | MS_NODEV | MS_NOEXEC, 0},
    Flag{"users", MS_NOSUID | MS_NODEV | MS_NOEXEC, 0},
    Flag{"owner", MS_NOSUID | MS_NODEV, 0},
    Flag{"group", MS_NOSUID | MS_NODEV, 0},
};
constexpr std::array<std::string_view, 11> kOfFstab = {"defaults", "auto", "noauto", "nouser",  "nofail", "_netdev",
                                                       "bg",       "fg",   "retry",  "comment", "silent"};
constexpr std::array<std::string_view, 4> kVersionNames = {"vers", "nfsvers", "minorversion", "v3"};

template <typename Names>
bool is_one_of(std::string_view name, const Names& names) {
  return std::ranges::find(names, name) != names.end();
}

bool names_version(std::string_view name) {
  return is_one_of(name, kVersionNames) || name == "v4" || name.starts_with("v4.");
}

}  // namespace

KernelOptions for_kernel(const OptionList& options) {
  KernelOptions out;
  for (const auto& option : options.all()) {
    const std::string_view name = std::string_view(option).substr(0, option.find('='));
    if (const auto flag = std::ranges::find(kFlags, name, &Flag::name); flag != kFlags.end()) {
      out.flags = (out.flags & ~flag->clear) | flag->set;
    } else if (!is_one_of(name, kOfFstab) && !name.starts_with("x-") && !name.starts_with("X-")) {
      out.data.append(out.data.empty() ? "" : ",").append(option);
    }
  }
  return out;
}

std::span<const char* const> versions_to_try(NfsVersion version) {
  static constexpr const char* kNewestFirst[] = {"4.2", "4.1", "4.0", "3"};
  const std::span<const char* const> all(kNewestFirst);
  switch (version) {
    case NfsVersion::newest4: return all.first(3);
    case NfsVersion::v42: return all.subspan(0, 1);
    case NfsVersion::v41: return all.subspan(1, 1);
    case NfsVersion::v40: return all.subspan(2, 1);
    case NfsVersion::v3: return all.subspan(3, 1);
  }
  return {};
}

int kernel_mount(const std::string& server, const std::string& path, const std::string& directory,
                 const OptionList& options, NfsVersion version, const RelayPort& relay) {
  OptionList list = with_relay(options, version, relay);
  for (const auto& option : options.all()) {
    const std::string name = option.substr(0, option.find('='));
    if (names_version(name)) list.take(name);
  }
  list.take("vers");
  list.add(std::string("addr=") + relay.address());
  if (version == NfsVersion::v3) list.add(std::string("mountvers=3,mountaddr=") + relay.address());
  const KernelOptions kernel = for_kernel(list);
  const std::string source = server + ':' + path;
  int error = EPROTONOSUPPORT;
  for (const char* vers : versions_to_try(version)) {
    const std::string data = std::string("vers=") + vers + ',' + kernel.data;
    const char* type = version == NfsVersion::v3 ? "nfs" : "nfs4";
    if (::mount(source.c_str(), directory.c_str(), type, kernel.flags, data.c_str()) == 0) return 0;
    error = errno;
    if (error != EPROTONOSUPPORT) return error;
  }
  return error;
}

std::string explain_mount(int error, const std::string& path, const std::string& server) {
  switch (error) {
    case ENOENT: return "the server exports no " + path + " to this guest";
    case EACCES:
      return "the server denies access to " + path +
             ": see its exports, the gateway's log, and with Kerberos that of rpc.gssd (a ticket for nfs/" + server +
             ')';
    case EPERM:
      return "the server allows none of the security flavors asked for: see sec= here, and in the gateway's [[guest]] "
             "entry";
    case EPROTONOSUPPORT: return "the server does not speak this version of NFS, or the kernel has no such client";
    case EINVAL: return "the kernel does not take these options: dmesg says which";
    case EBUSY: return "it is mounted there already, or the mount point is busy";
    case ENODEV: return "this kernel has no NFS client: modprobe nfsv4";
    case ETIMEDOUT: return "the server did not answer in time";
    default: return std::strerror(error);
  }
}

}  // namespace gatehouse::guest
