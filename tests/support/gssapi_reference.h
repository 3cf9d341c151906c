// RFC 4121 tokens as MIT krb5's libgssapi makes and takes them: the reference for the tests. Needs a realm:
// KRB5_CONFIG, KRB5_CLIENT_KTNAME and KRB5_KTNAME in the environment.
#pragma once

#include <gssapi/gssapi.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gss/crypto/session_key.h"

namespace gatehouse::test {

using Octets = std::vector<std::uint8_t>;

/// ReferenceContext: one side of an established context inside libgssapi. Belongs to one thread.
class ReferenceContext {
 public:
  /// ReferenceContext: no context yet; see initiate() and accept().
  ReferenceContext() = default;
  ReferenceContext(ReferenceContext&& o) noexcept : context_(std::exchange(o.context_, nullptr)) {}
  ReferenceContext& operator=(ReferenceContext&&) = delete;
  ~ReferenceContext();

  /// initiate, accept: one step of establishing the context with a token of the other side, to which the result goes.
  /// With `mutual` authentication the acceptor chooses the key, without it the initiator. Throw std::runtime_error with
  /// libgssapi's words.
  Octets initiate(const std::string& service, bool mutual, rpc::Bytes token = {});
  Octets accept(rpc::Bytes token);

  /// get_mic, wrap: a token; throws std::runtime_error when libgssapi fails.
  [[nodiscard]] Octets get_mic(rpc::Bytes message);
  [[nodiscard]] Octets wrap(rpc::Bytes message, bool confidential = true);
  /// verify_mic: whether the token is the peer's and of the message.
  [[nodiscard]] bool verify_mic(rpc::Bytes message, rpc::Bytes token);
  /// unwrap: the plaintext of a token of the peer that is confidential; nothing when it is refused or is not.
  [[nodiscard]] std::optional<Octets> unwrap(rpc::Bytes token);

  /// take_key: the key and what goes with it; the context is gone afterwards. Throws std::runtime_error.
  [[nodiscard]] gss::SessionKey take_key() &&;

 private:
  gss_ctx_id_t context_ = GSS_C_NO_CONTEXT;
};

/// ReferencePair: both sides of one context.
struct ReferencePair {
  ReferenceContext initiator;
  ReferenceContext acceptor;
};

/// establish: a context of the client's default credentials with `service` ("nfs@host").
ReferencePair establish(const std::string& service, bool mutual);

}  // namespace gatehouse::test
