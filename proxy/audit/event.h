// What the audit log tells: security decisions, as plain values.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/audit/text.h"
#include "proxy/net/peer.h"
#include "proxy/runtime/log_limiter.h"

namespace gatehouse::audit {

/// Kind: what was decided. Each has a word (kind_word) and is an interface: docs/operations/audit.md,
/// conf/audit.schema.json.
enum class Kind : std::uint8_t {
  start,
  stop,
  trust,               ///< a guest is trusted by the configuration that comes into force
  admin,               ///< an administrative act
  call_refused,        ///< by a rule, or by its RPCSEC_GSS header
  connection_refused,  ///< of no guest, or over a limit
  connection_closed,   ///< for what came over it
  context_made,
  context_refused,
  context_ended,
  suppressed,  ///< what limits.audit_lines held back
  lost,        ///< what the log itself could not write
};
inline constexpr std::size_t kKinds = static_cast<std::size_t>(Kind::lost) + 1;
/// kind_word: for example "call-refused".
std::string_view kind_word(Kind k);

/// Source: whom events are of and counted against: a guest, or all the peers that are none. Shared by whoever has
/// events of it. Thread-safe, but for what belongs to the queue.
struct Source {
  Source(std::string name_, std::string uuid_, std::uint32_t per_second)
      : name(std::move(name_)), uuid(std::move(uuid_)), limiter(per_second) {}

  const std::string name;  ///< of the guest; empty: of none
  const std::string uuid;  ///< empty: none is stated
  runtime::LogLimiter limiter;
  std::atomic<bool> owes{false};  ///< lines were held back that nobody was told of yet
  std::size_t queued = 0;         ///< events in the queue; under its lock
};

/// Asker: who did an administrative act: SO_PEERCRED of the admin socket, or the sender of a signal.
struct Asker {
  std::uint32_t uid = 0;
  std::uint32_t pid = 0;
};

/// Call: what a call's header says.
struct Call {
  std::uint32_t program = 0;
  std::uint32_t version = 0;
  std::uint32_t procedure = 0;
  std::uint32_t flavor = 0;  ///< of its credential, verified or not
};

/// Ids: of a principal. `groups` holds as many as have room, `group_count` says how many there are.
struct Ids {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::array<std::uint32_t, 16> groups{};
  std::uint32_t group_count = 0;
};

/// Event: one decision. Which members mean something goes by the kind: docs/operations/audit.md. The views are of words
/// that last for ever (rule_word and the like). Of payload, tokens, keys and handles there is no member.
struct Event {
  Kind kind = Kind::lost;
  std::int64_t time_us = 0;        ///< since 1970; set when it is recorded
  std::shared_ptr<Source> source;  ///< null: of no guest and no peer
  std::optional<net::Peer> peer;   ///< its interface's name fits into the string itself
  std::optional<Call> call;
  std::optional<Ids> ids;
  std::optional<Asker> by;
  std::optional<std::uint32_t> claimed_uid;  ///< of a well-formed AUTH_SYS claim
  std::optional<std::int64_t> until_s;       ///< since 1970: when a context ends at the latest
  std::optional<std::int64_t> since_us;      ///< since 1970: of what is lost, the first
  std::optional<std::uint64_t> count;        ///< of what is suppressed or lost; of guests at the start
  std::string_view rule;
  std::string_view reply;
  std::string_view word;  ///< the finding, the acceptor, the cause, the act or the version, as the kind says
  std::string_view result;
  Text<256> principal;
  Text<256> detail;  ///< for people; connection_refused: the listener
  /// trust: the guests, one line each. Written out by the writer: however many they are, they take one place.
  std::shared_ptr<const std::vector<std::shared_ptr<Source>>> trusted;
};

}  // namespace gatehouse::audit
