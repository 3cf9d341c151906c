// From an AUTH_SYS claim to the credential that the gateway vouches for.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "authunix/id_map.h"
#include "rpc/auth_sys.h"

namespace gatehouse::authunix {

/// kFirstUnprivilegedPort: ports below it can be bound by root of the guest only (the draft's section 5).
inline constexpr std::uint32_t kFirstUnprivilegedPort = 1024;
/// kNoId: -1, the id that exports(5) always makes anonymous.
inline constexpr std::uint32_t kNoId = 0xffffffffU;

/// Squash: no_root_squash, root_squash, all_squash of exports(5).
enum class Squash : std::uint8_t { none, root, all };
/// InsecureAction: what becomes of a claim from a source port of 1024 or above when the guest is `secure`.
enum class InsecureAction : std::uint8_t { reject, squash };
/// GroupStrategy: how group lists meet AUTH_SYS's limit of 16: the first 16, none but the primary group (for servers
/// that look groups up themselves), or refuse a longer list.
enum class GroupStrategy : std::uint8_t { first16, primary, reject };

/// Rules: a guest's rules for AUTH_SYS claims. Immutable while calls are decided; safe for all threads.
struct Rules {
  Squash squash = Squash::root;
  std::uint32_t anonuid = 65534;
  std::uint32_t anongid = 65534;
  bool secure = true;
  InsecureAction insecure_action = InsecureAction::reject;
  GroupStrategy groups = GroupStrategy::first16;
  IdMap uid_map;
  IdMap gid_map;
  friend bool operator==(const Rules&, const Rules&) = default;
};

/// Credential: ids for the backend. A plain value.
struct Credential {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t gid_count = 0;
  std::array<std::uint32_t, rpc::kMaxGids> gids{};

  [[nodiscard]] std::span<const std::uint32_t> groups() const { return {gids.data(), gid_count}; }
};

/// Outcome: what came of a claim, and why.
enum class Outcome : std::uint8_t {
  taken,            ///< ids as claimed (maps may have moved them)
  squashed_root,    ///< squash = "root" replaced an id 0
  squashed_all,     ///< squash = "all"
  squashed_port,    ///< insecure_action = "squash": the source port proves nothing
  unmapped,         ///< an id in no range of the map, or -1, became the anonymous id
  insecure_port,    ///< refused: the source port is 1024 or above
  too_many_groups,  ///< refused: groups = "reject" and more than 16 groups
};

/// refused: whether `o` yields no credential.
constexpr bool refused(Outcome o) {
  return o == Outcome::insecure_port || o == Outcome::too_many_groups;
}

/// port_is_insecure: the port rule of the draft's section 9: a source port that the transport knows and that is not
/// privileged. `port` empty: the transport has none (hybrid and unix sockets), the rule does not apply.
constexpr bool port_is_insecure(std::optional<std::uint32_t> port) {
  return port && *port >= kFirstUnprivilegedPort;
}

/// verify_sys: applies the port rule, squash and maps, in this order, to a claim (RFC 5531 appendix A; exports(5)).
/// Anonymous ids are host ids and are not mapped again. `out` is meaningful unless the outcome is a refusal. Pure.
Outcome verify_sys(const rpc::AuthSys& claim, std::optional<std::uint32_t> port, const Rules& rules, Credential& out);

/// squash_ids: squash and group limit alone, for ids that are host ids already (a principal's). `groups` may be of any
/// length. Pure.
Outcome squash_ids(std::uint32_t uid, std::uint32_t gid, std::span<const std::uint32_t> groups, const Rules& rules,
                   Credential& out);

}  // namespace gatehouse::authunix
