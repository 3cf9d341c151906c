// What the policy knows of a guest.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "authunix/verify.h"
#include "proxy/policy/flavors.h"

namespace gatehouse::policy {

/// ProgramGrant: a program that a guest may call, with the backend that serves it.
struct ProgramGrant {
  std::uint32_t program = 0;
  std::uint32_t low = 0;                  ///< first version
  std::uint32_t high = 0;                 ///< last version
  std::uint16_t backend = 0;              ///< index into the configuration's backends
  std::vector<std::uint32_t> procedures;  ///< sorted; empty: every procedure. NULL is always granted
  friend bool operator==(const ProgramGrant&, const ProgramGrant&) = default;
};

/// Limits: what one guest may use, over all its connections (docs/operations.md, "Limits").
struct Limits {
  std::uint32_t connections = 64;
  std::uint32_t in_flight = 1024;            ///< calls without a reply
  std::uint32_t record_bytes = 2U << 20;     ///< one record, either direction
  std::uint32_t fragments = 1024;            ///< of one record
  std::uint64_t buffered_bytes = 64U << 20;  ///< held for slow readers and multi-fragment records
  std::uint32_t log_lines = 10;              ///< a second, for refusals
  std::uint32_t audit_lines = 50;            ///< a second
  std::uint32_t contexts = 4096;             ///< established RPCSEC_GSS contexts
  std::uint32_t nascent_contexts = 64;       ///< INITs that are with the acceptor
  std::uint32_t inits_per_second = 1000;
  std::uint64_t gss_request_bytes = 32U << 20;  ///< krb5i and krb5p calls that are being received
  std::uint64_t gss_reply_bytes = 32U << 20;    ///< replies to them that are being received from the backend
  friend bool operator==(const Limits&, const Limits&) = default;
};

/// IdentityKeys: what a guest entry says of its peers. All keys that are stated must match.
struct IdentityKeys {
  std::optional<std::uint32_t> cid;
  std::vector<std::uint16_t> listeners;  ///< indices into the configuration's listeners, any of them; empty: not stated
  std::string interface;                 ///< empty: not stated
  std::optional<std::uint32_t> uid;      ///< unix peers (SO_PEERCRED)
  friend bool operator==(const IdentityKeys&, const IdentityKeys&) = default;
};

/// NfsRules: what is changed in, or kept from, a guest's NFS and MOUNT messages (docs/design/nfs.md).
struct NfsRules {
  bool bind_state = true;                ///< state_ids: session ids, client ids, and state ids of NFSv4.0
  bool bind_owners = false;              ///< client_owners carry the guest's name
  bool bind_handles = false;             ///< filehandles: only those that the guest was given
  bool callback_addresses = false;       ///< SETCLIENTID's go on as they are, else they lead nowhere
  bool ro = false;                       ///< what changes something fails with ROFS
  bool pass_unknown = false;             ///< unknown_operations go on, with all that stands behind them
  std::vector<std::string> mount_paths;  ///< what MOUNT gives; empty: what the server gives
  friend bool operator==(const NfsRules&, const NfsRules&) = default;
};

/// Guest: one virtual machine as configured, with [defaults] folded in. Immutable while calls are decided; safe for
/// all threads.
struct Guest {
  std::string name;  ///< also the machine name of the credentials made for it
  std::string uuid;  ///< may be empty
  IdentityKeys identity;
  bool trusted = false;
  authunix::Rules ids;
  std::vector<std::string> principals;  ///< patterns (gss::principal_matches); empty: all that map to ids
  SecSet sec;
  std::vector<std::pair<std::uint32_t, SecSet>> sec_by_program;
  std::vector<ProgramGrant> programs;
  std::array<std::uint8_t, 4> source_address{};  ///< IPv4, network order
  bool source_address_stated = false;
  Limits limits;
  NfsRules nfs;

  /// sec_for: the flavors that calls of `program` may use.
  [[nodiscard]] SecSet sec_for(std::uint32_t program) const {
    for (const auto& [p, set] : sec_by_program)
      if (p == program) return set;
    return sec;
  }
  friend bool operator==(const Guest&, const Guest&) = default;
};

}  // namespace gatehouse::policy
