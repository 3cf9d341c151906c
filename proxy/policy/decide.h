// The decision about one call. A pure function of the guest, the call's header and the peer's port, so that `explain`
// shows exactly what the daemon does.
#pragma once

#include <optional>
#include <string>

#include "proxy/policy/guest.h"
#include "rpc/call.h"
#include "rpc/reply.h"

namespace gatehouse::policy {

/// Rule: what made a decision. Each has a word (rule_word) that is an interface: logs, counters and `explain` show it.
enum class Rule : std::uint8_t {
  granted,          ///< a program grant, ids as claimed
  squash,           ///< allowed, with ids replaced by squash
  id_map,           ///< allowed, with an id that no range holds made anonymous
  insecure_squash,  ///< allowed, anonymous: insecure_action = "squash"
  null_procedure,   ///< allowed: NULL with AUTH_NONE needs no authorization
  tls_probe,        ///< answered here (RFC 9289)
  bad_credential,   ///< malformed credential
  bad_verifier,     ///< verifier that the flavor does not have
  unknown_flavor,   ///< AUTH_SHORT, AUTH_DH and flavors nobody knows
  sec,              ///< flavor not in `sec` / `sec_by_program`
  kerberos_absent,  ///< RPCSEC_GSS is listed, but this build does not terminate it
  secure,           ///< source port of 1024 or above
  groups,           ///< groups = "reject"
  program,          ///< program not granted
  version,          ///< program granted, version not
  procedure,        ///< procedure not granted
  rpc_version,      ///< the call is not of RPC version 2
  rpcbind_builtin,  ///< SET, UNSET, CALLIT, BCAST and INDIRECT of rpcbind, whatever the configuration says
};
inline constexpr std::size_t kRuleCount = static_cast<std::size_t>(Rule::rpcbind_builtin) + 1;

/// rule_word: a stable word for logs and JSON, for example "secure" or "rpcbind-builtin".
std::string_view rule_word(Rule r);

/// Verdict: what is done with the call.
enum class Verdict : std::uint8_t { forward, answer_empty, refuse };

/// Decision: a plain value, nothing allocated. `rejection` is set for refuse; `backend`, `flavor` and (for sys)
/// `credential` for forward.
struct Decision {
  Verdict verdict = Verdict::refuse;
  Rule rule = Rule::program;
  rpc::Rejection rejection;
  std::uint16_t backend = 0;
  rpc::AuthFlavor flavor = rpc::AuthFlavor::none;
  authunix::Credential credential;
  /// claimed_uid: the uid of a well-formed AUTH_SYS claim, for the log.
  std::optional<std::uint32_t> claimed_uid;
};

/// decide: what to do with `call` from `guest`. `port` is the peer's source port, or nothing where the transport has
/// none. Default deny: what no rule allows is refused. Never allocates; safe for all threads.
Decision decide(const Guest& guest, const rpc::CallHeader& call, std::optional<std::uint32_t> port);

/// describe: the decision in a sentence for people: the rule with the values that met it.
std::string describe(const Guest& guest, const rpc::CallHeader& call, std::optional<std::uint32_t> port,
                     const Decision& d);

/// rpcbind_refused: whether the built-in rule refuses this procedure of program 100000: over its unix socket rpcbind
/// takes its caller for local root, and an indirect call would leave the gateway's rules behind.
bool rpcbind_refused(std::uint32_t procedure);

}  // namespace gatehouse::policy
