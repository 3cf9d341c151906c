// The decision about one call. A pure function of the guest, the call's header and the peer's port, so that `explain`
// shows exactly what the daemon does.
#pragma once

#include <optional>
#include <string>

#include "gss/identity.h"
#include "proxy/policy/guest.h"
#include "rpc/call.h"
#include "rpc/gss_cred.h"
#include "rpc/reply.h"

namespace gatehouse::policy {

/// Rule: what made a decision. Each has a word (rule_word) that is an interface: logs, counters and `explain` show it.
enum class Rule : std::uint8_t {
  granted,          ///< a program grant, ids as claimed
  squash,           ///< allowed, with ids replaced by squash
  id_map,           ///< allowed, with an id that no range holds made anonymous
  insecure_squash,  ///< allowed, anonymous: insecure_action = "squash"
  null_procedure,   ///< allowed: NULL with AUTH_NONE, or with a context of a service that is not listed
  state_operation,  ///< allowed: NFSv4 state operations with krb5i
  tls_probe,        ///< answered here (RFC 9289)
  bad_credential,   ///< malformed credential
  bad_verifier,     ///< verifier that the flavor does not have
  unknown_flavor,   ///< AUTH_SHORT, AUTH_DH and flavors nobody knows
  sec,              ///< flavor not in `sec` / `sec_by_program`
  principal,        ///< not among the guest's `principals`, or denied by a [[principal]] rule
  no_account,       ///< no [[principal]] rule and no local account for the principal
  lookup_failed,    ///< the system could not say which account the principal has
  secure,           ///< source port of 1024 or above
  groups,           ///< groups = "reject"
  program,          ///< program not granted
  version,          ///< program granted, version not
  procedure,        ///< procedure not granted
  rpc_version,      ///< the call is not of RPC version 2
  rpcbind_builtin,  ///< SET, UNSET, CALLIT, BCAST and INDIRECT of rpcbind, whatever the configuration says
  rpcbind,          ///< answered, or refused, by the gateway itself: a listener with rpcbind = true
};
inline constexpr std::size_t kRuleCount = static_cast<std::size_t>(Rule::rpcbind) + 1;

/// rule_word: a stable word for logs and JSON, for example "secure" or "rpcbind-builtin".
std::string_view rule_word(Rule r);

/// Verdict: what is done with the call.
enum class Verdict : std::uint8_t {
  forward,
  forward_state,  ///< forward if the arguments are only_state_operations(), else refuse: Rule::sec, AUTH_TOOWEAK
  answer_empty,
  answer_rpcbind,  ///< from the guest's view (of decide_rpcbind)
  refuse,
};

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
/// none. Default deny: what no rule allows is refused, and so is every RPCSEC_GSS credential: decide_gss() is asked
/// about those. Never allocates; safe for all threads.
Decision decide(const Guest& guest, const rpc::CallHeader& call, std::optional<std::uint32_t> port);

/// decide_gss: what to do with a data call whose RPCSEC_GSS header was verified: `service` is the call's, `ids` are its
/// principal's. The flavor must be listed in `sec` (or sec_by_program) as krb5, krb5i or krb5p; NULL needs any of the
/// three listed; an NFSv4 COMPOUND with krb5i where only others of the three are listed gets forward_state. Squash and
/// the group strategy apply. Never allocates; safe for all threads.
Decision decide_gss(const Guest& guest, const rpc::CallHeader& call, rpc::GssService service, const gss::Ids& ids);

/// decide_rpcbind: what to do with `call` on a listener with rpcbind = true, from whatever guest. Nothing is forwarded
/// there: rpcbind's calls are answered here, but for those that rpcbind_refused() names. The credential, AUTH_NONE or
/// AUTH_SYS, must be well-formed and decides nothing. Never allocates; safe for all threads.
Decision decide_rpcbind(const rpc::CallHeader& call);

/// only_state_operations: whether `args`, the arguments of an NFSv4 COMPOUND, hold at least one operation and none but
/// EXCHANGE_ID, CREATE_SESSION, BIND_CONN_TO_SESSION, SEQUENCE, RECLAIM_COMPLETE, DESTROY_SESSION, DESTROY_CLIENTID,
/// SETCLIENTID, SETCLIENTID_CONFIRM and RENEW (RFC 7530, RFC 8881), and nothing after them; PUTROOTFH with GETATTR of
/// lease_time alone counts as one more, without which a Linux client renews no lease, and so does PUTROOTFH with
/// SECINFO_NO_NAME, by which a mount without sec= learns its flavor. Linux sends these as the machine's principal with
/// krb5i whatever the mount says. What cannot be decoded is no such thing. Never allocates.
bool only_state_operations(rpc::Bytes args);

/// principal_allowed: whether the guest's `principals` let `principal` in; an empty list lets all in that map to ids.
bool principal_allowed(const Guest& guest, std::string_view principal);

/// describe: the decision in a sentence for people: the rule with the values that met it.
std::string describe(const Guest& guest, const rpc::CallHeader& call, std::optional<std::uint32_t> port,
                     const Decision& d);

/// rpcbind_refused: whether the built-in rule refuses this procedure of program 100000: over its unix socket rpcbind
/// takes its caller for local root, and an indirect call would leave the gateway's rules behind.
bool rpcbind_refused(std::uint32_t procedure);

}  // namespace gatehouse::policy
