// The command line of gatehouse-guest.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <span>
#include <string>

#include "guest/relay/address.h"

namespace gatehouse::guest {

inline constexpr std::size_t kDefaultConnections = 256;
inline constexpr std::size_t kMostConnections = 100'000;

/// Options: what the command line says.
struct Options {
  enum class Do { run, help, version };
  Do what = Do::run;
  std::optional<LocalAddress> listen;  ///< empty: the sockets that the service manager passed
  Upstream to;
  std::size_t max_connections = kDefaultConnections;
  std::string in_use_lock;  ///< --exit-when-unused: the file that a mount helper locks while it uses this relay
  bool syslog = false;
};

/// parse_options: reads the words after the program's name. "--key value" and "--key=value" are the same. The error
/// says which word is wrong and what to write; an address is looked at by parse_local and parse_upstream.
std::expected<Options, std::string> parse_options(std::span<char* const> words);

/// usage: what --help prints.
std::string usage();

}  // namespace gatehouse::guest
