// Mounting NFS by mount(2), where the name of the server is not the address of the relay.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "guest/mount/nfs_options.h"
#include "guest/mount/option_list.h"

namespace gatehouse::guest {

/// KernelOptions: user options in the two shapes that mount(2) takes.
struct KernelOptions {
  unsigned long flags = 0;  ///< MS_*
  std::string data;         ///< what the NFS client reads itself
};

/// for_kernel: sorts options: those of every file system become flags, those of fstab and mount.nfs alone (_netdev,
/// nofail, noauto, user, x-..., retry=, bg, ...) are dropped, the rest is the NFS client's.
KernelOptions for_kernel(const OptionList& options);

/// versions_to_try: the vers= values of `version`, newest first.
std::span<const char* const> versions_to_try(NfsVersion version);

/// kernel_mount: mounts SERVER:PATH at `directory` through the relay; rpc.gssd, which goes by the name in the source,
/// asks for a ticket for nfs/SERVER, while the connection goes to the relay (addr=). mount.nfs cannot do that: it
/// connects where the name resolves to. Returns 0 or the errno of the last version tried.
int kernel_mount(const std::string& server, const std::string& path, const std::string& directory,
                 const OptionList& options, NfsVersion version, const RelayPort& relay);

/// explain_mount: one line for an errno of kernel_mount.
std::string explain_mount(int error, const std::string& path, const std::string& server);

}  // namespace gatehouse::guest
