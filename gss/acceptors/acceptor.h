// Who turns a client's token into a context: libgssapi with a keytab, or gssproxy.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gss/crypto/session_key.h"
#include "gss/identity.h"
#include "rpc/xdr.h"

namespace gatehouse::gss {

/// Accepted: an established context.
struct Accepted {
  SessionKey key;
  std::int64_t ticket_end_s = 0;    ///< wall clock, seconds since 1970
  std::string principal;            ///< "alice@EXAMPLE.COM"
  std::vector<std::uint8_t> token;  ///< for the client
  /// ids: the account that the acceptor found for the principal (gssproxy does); nothing: it did not look, or there is
  /// none.
  std::optional<Ids> ids;
  bool looked_up = false;  ///< the acceptor is the one that maps principals to accounts
};

/// Refused: the token was not taken, or nobody was there to take it.
struct Refused {
  std::uint32_t major = 0;  ///< GSS major status for the client
  std::uint32_t minor = 0;
  std::string text;          ///< for the log: what happened and what to do; nothing of it comes from the peer unescaped
  bool unavailable = false;  ///< the acceptor could not be asked (no keytab, no gssproxy): not the client's fault
};

/// Acceptor: takes tokens. accept() blocks, for at most about `patience` where the library lets it; called from the
/// offload pool by several threads at once. One leg only: a mechanism or option that wants a second (DCE style) is
/// refused. Only krb5, enctypes 17 to 20, tickets for the configured service. Holds no state of a failure: the next
/// call tries anew.
class Acceptor {
 public:
  virtual ~Acceptor() = default;
  virtual std::expected<Accepted, Refused> accept(rpc::Bytes token, std::chrono::milliseconds patience) = 0;
};

/// make_keytab_acceptor: libgssapi in this process, with the keys of `keytab` for service/*; `replay_cache` is a
/// directory of its own (made if absent, mode 0700); empty: the library's default. The keytab is opened anew when it
/// changed. Never fails: a keytab that is missing or unreadable is said by each accept().
std::unique_ptr<Acceptor> make_keytab_acceptor(std::string keytab, std::string service, std::string replay_cache);

/// make_gssproxy_acceptor: gssproxy at unix socket `socket`, by up to `connections` connections. A gssproxy that is
/// absent, dies or comes back costs the accepts in between and nothing else.
std::unique_ptr<Acceptor> make_gssproxy_acceptor(std::string socket, std::string service, std::size_t connections);

}  // namespace gatehouse::gss
