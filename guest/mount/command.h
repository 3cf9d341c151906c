// The command line of mount.gatehouse, as mount(8) calls its helpers.
#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>

#include "guest/mount/option_list.h"
#include "guest/mount/spec.h"
#include "guest/relay/address.h"

namespace gatehouse::guest {

inline constexpr std::uint32_t kNfsPort = 2049;

/// Command: what is to be mounted where and how.
struct Command {
  enum class Do { mount, help, version };
  Do what = Do::mount;
  Spec spec;
  std::string directory;
  bool fake = false;                     ///< -f: all but the mounting
  bool verbose = false;                  ///< -v
  std::string flags;                     ///< those of -n and -s that were there, for mount.nfs: "n", "s", "ns" or ""
  std::uint32_t vsock_port = kNfsPort;   ///< vsockport=
  std::optional<net::TcpAddress> relay;  ///< relay=: one that runs
  std::string server;                    ///< server=: the host's name for Kerberos; empty: none
  OptionList options;                    ///< all others
};

/// parse_command: reads the words after the program's name: SPEC DIR [-fnsv] [-r|-w] [-o OPTIONS]... [-t TYPE]. The
/// error is one line that says what is wrong and what to write.
std::expected<Command, std::string> parse_command(std::span<char* const> words);

/// usage: what -h prints.
std::string usage_of_mount();

}  // namespace gatehouse::guest
