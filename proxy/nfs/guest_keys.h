// Identifiers of NFSv4 state as one guest sees them. Servers take a session id or client id from whoever shows it; so
// each guest is shown the server's id under a permutation of its own, and what another guest was shown means nothing to
// it. No state is kept: the keys come from a secret and the guest's name, so that a restart changes nothing. What that
// is worth in numbers: docs/design/nfs.md.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "proxy/nfs/aes.h"
#include "proxy/nfs/cmac.h"

namespace gatehouse::nfs {

using SessionId = std::span<std::uint8_t, 16>;
using ClientId = std::span<std::uint8_t, 8>;
using StateId = std::span<std::uint8_t, 16>;

/// kSecretSize: bytes of the secret that all guests' keys come from; at least.
inline constexpr std::size_t kSecretSize = 32;

/// GuestKeys: one guest's. Each function changes the id in place. Thread-safe once derived; keys are wiped.
class GuestKeys {
 public:
  /// derive: HKDF-SHA-256 (RFC 5869) of the secret and the guest's name. False: the secret is too short, or OpenSSL
  /// refuses.
  [[nodiscard]] bool derive(rpc::Bytes secret, std::string_view guest, AesCode code = AesCode::best);

  /// session_*: one block of AES.
  void session_to_guest(SessionId id) const;
  void session_to_server(SessionId id) const;
  /// client_*: a Feistel network over 64 bits. All zeros and all ones stay what they are: no server gives them.
  void client_to_guest(ClientId id) const;
  void client_to_server(ClientId id) const;
  /// state_*: the same over the 96 bits behind the seqid; ids of all zeros and all ones have a meaning (RFC 8881
  /// section 8.2.3) and stay.
  void state_to_guest(StateId id) const;
  void state_to_server(StateId id) const;

  /// handles: what binds file handles to this guest.
  [[nodiscard]] const Cmac& handles() const { return handles_; }

 private:
  Aes sessions_;
  Aes clients_;
  Aes states_;
  Cmac handles_;
};

}  // namespace gatehouse::nfs
