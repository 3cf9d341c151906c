// One request of an admin client.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/admin/refusal.h"
#include "proxy/admin/rights.h"

namespace gatehouse::admin {

/// kMostLine: bytes of a request with its newline; a longer one is refused unread.
inline constexpr std::size_t kMostLine = std::size_t{64} << 10;

/// Command: what can be asked. The words are those of gatehousectl's subcommands.
enum class Command : std::uint8_t { status, guests, sessions, contexts, evict, drain, reload, log_level, trace };

/// Request: a command and what it was given; absent: not stated. A plain value.
struct Request {
  Command command = Command::status;
  std::optional<std::string> guest;
  std::optional<std::string> principal;
  std::optional<std::string> level;
  std::optional<std::uint64_t> session;
  std::optional<std::uint64_t> count;   ///< trace: calls, 1 or more
  std::optional<std::uint64_t> for_ms;  ///< trace: milliseconds, 1 or more
  bool undo = false;                    ///< drain
};

/// parse_request: a request of `line`, without its newline: one flat JSON object with the key "command" and the keys
/// that this command has. Bytes of any kind are safe to give to it: nothing nested is followed, nothing is thrown, and
/// nothing is allocated beyond the line's own length. Of what it quotes in a refusal nothing can end a line.
std::expected<Request, Refusal> parse_request(std::string_view line);

/// needed: the right that a request takes: read for what only shows, and write for what changes something or, as trace,
/// shows what users do.
Rights needed(const Request& r);

/// command_word: "log-level" and the like.
std::string_view command_word(Command c);

}  // namespace gatehouse::admin
