// The subcommands that ask the running daemon.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>

namespace gatehouse::ctl {

/// Remote: a subcommand as it was typed. What is stated and empty is not what is not stated: `drain --guest "$NONE"`
/// must not end the daemon. Numbers are read by our own rules.
struct Remote {
  std::string command = {};  ///< "status" and the like: the name of the subcommand
  std::string config = {};   ///< where [admin] socket may be stated
  std::optional<std::string> socket = {};
  bool json = false;
  std::optional<std::string> guest = {}, session = {}, principal = {}, level = {}, count = {}, time = {};
  bool undo = false;
};

/// run: asks and prints: to `out` what was asked for, to `err` why it is not there. Returns the exit status.
int run(const Remote& r, std::ostream& out, std::ostream& err);

/// request_line: the request that a subcommand makes, with its newline, or what is wrong with how it was typed: found
/// here, by the daemon's own parser, whether or not there is a daemon.
struct RequestLine {
  std::string text;
  std::string wrong;  ///< empty: nothing
};
RequestLine request_line(const Remote& r);

}  // namespace gatehouse::ctl
