#pragma once

#include <gssapi/gssapi.h>

#include <expected>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gss/crypto/session_key.h"
#include "tests/bench/wire.h"

namespace gatehouse::bench {

// Pending is a context that has sent its token and waits for the acceptor's. Owns libgssapi's context.
class Pending {
 public:
  Pending() = default;
  Pending(Pending&& other) noexcept
      : context(std::exchange(other.context, GSS_C_NO_CONTEXT)), token(std::move(other.token)) {}
  Pending& operator=(Pending&& other) noexcept;
  ~Pending();

  gss_ctx_id_t context = GSS_C_NO_CONTEXT;
  std::vector<std::uint8_t> token;
};

// Initiator makes contexts with a service by libgssapi, with the tickets of the environment (KRB5CCNAME, KRB5_CONFIG):
// krb5, mutual authentication, no replay detection or sequencing, as RPCSEC_GSS clients do. One thread.
class Initiator {
 public:
  // make takes a host-based name such as nfs@localhost. Errors are for the user, with libgssapi's own words.
  static std::expected<std::unique_ptr<Initiator>, std::string> make(const std::string& service);
  ~Initiator();
  Initiator(const Initiator&) = delete;
  Initiator& operator=(const Initiator&) = delete;

  // begin makes the first token.
  std::expected<Pending, std::string> begin();

  // finish takes the acceptor's token and hands over the key. `pending` is spent.
  std::expected<gss::SessionKey, std::string> finish(Pending& pending, Bytes token);

 private:
  explicit Initiator(gss_name_t name) : name_(name) {}
  std::expected<Pending, std::string> step(Pending pending, Bytes token, OM_uint32& major);
  gss_name_t name_;
};

// gss_text says what a major and a minor status mean: "WHAT: words of libgssapi".
std::string gss_text(const std::string& what, OM_uint32 major, OM_uint32 minor);

}  // namespace gatehouse::bench
