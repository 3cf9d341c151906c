// The acceptor that has the keys itself.
#include "gss/acceptors/acceptor.h"
#include "gss/acceptors/handles.h"
#include "gss/acceptors/keytab_cred.h"
#include "gss/acceptors/krb5_token.h"
#include "gss/acceptors/lucid.h"
#include "gss/acceptors/text.h"

namespace gatehouse::gss {
namespace {

constexpr std::uint32_t kFailure = GSS_S_FAILURE;

std::unexpected<Refused> refuse(std::uint32_t major, std::uint32_t minor, std::string text) {
  return std::unexpected(Refused{.major = major, .minor = minor, .text = std::move(text), .unavailable = false});
}

// Established: what gss_accept_sec_context left.
struct Established {
  GssContext context;
  GssName client;
  GssBuffer token;
};

bool is_krb5(gss_const_OID mech) {
  return mech != nullptr && gss_oid_equal(mech, gss_mech_krb5) != 0;
}

std::expected<std::string, std::string> display_name(gss_name_t name) {
  OM_uint32 minor = 0;
  GssBuffer text;
  const OM_uint32 major = gss_display_name(&minor, name, text.out(), nullptr);
  if (major != GSS_S_COMPLETE) return std::unexpected(status_text(major, minor));
  if (text.text().empty() || text.text().size() > kMaxPrincipal)
    return std::unexpected("a name of " + std::to_string(text.text().size()) + " bytes");
  return std::string(text.text());
}

// Of the ticket: the library puts the keytab's name there for the key that opened it.
std::expected<std::string, std::string> target_of(const GssContext& context) {
  OM_uint32 minor = 0;
  GssName target;
  const OM_uint32 major =
      gss_inquire_context(&minor, context.get(), nullptr, target.out(), nullptr, nullptr, nullptr, nullptr, nullptr);
  if (major != GSS_S_COMPLETE) return std::unexpected(status_text(major, minor));
  return display_name(target.get());
}

class KeytabAcceptor final : public Acceptor {
 public:
  KeytabAcceptor(std::string keytab, std::string service, std::string replay_cache)
      : service_(std::move(service)), creds_(std::move(keytab), service_, std::move(replay_cache)) {}

  std::expected<Accepted, Refused> accept(rpc::Bytes token, std::chrono::milliseconds /*patience*/) override;

 private:
  [[nodiscard]] std::expected<Accepted, Refused> finish(Established& made) const;

  const std::string service_;
  KeytabCreds creds_;
};

std::expected<Accepted, Refused> KeytabAcceptor::accept(rpc::Bytes token, std::chrono::milliseconds /*patience*/) {
  if (const InitialTokenKind kind = initial_token_kind(token); kind != InitialTokenKind::krb5)
    return refuse(initial_token_kind_major(kind), 0, std::string(initial_token_kind_text(kind)));
  auto loan = creds_.borrow();
  if (!loan)
    return std::unexpected(
        Refused{.major = GSS_S_NO_CRED, .minor = 0, .text = std::move(loan.error()), .unavailable = true});

  Established made;
  gss_buffer_desc input{token.size(), const_cast<std::uint8_t*>(token.data())};
  gss_OID mech = GSS_C_NO_OID;
  OM_uint32 minor = 0;
  // No channel bindings: RPCSEC_GSS version 1 has none. No delegated credential is wanted, so none is kept.
  const OM_uint32 major =
      gss_accept_sec_context(&minor, made.context.in_out(), loan->cred.get(), &input, GSS_C_NO_CHANNEL_BINDINGS,
                             made.client.out(), &mech, made.token.out(), nullptr, nullptr, nullptr);
  std::string text = major == GSS_S_COMPLETE ? std::string() : status_text(major, minor);
  creds_.give_back(std::move(*loan));
  if (GSS_ERROR(major) != 0) return refuse(major, minor, std::move(text));
  if (major != GSS_S_COMPLETE)
    return refuse(kFailure, 0, "the token wants a second leg (DCE style), which is not given");
  if (!is_krb5(mech)) return refuse(GSS_S_BAD_MECH, 0, "the context is not of the krb5 mechanism");
  return finish(made);
}

std::expected<Accepted, Refused> KeytabAcceptor::finish(Established& made) const {
  auto principal = display_name(made.client.get());
  if (!principal) return refuse(kFailure, 0, "the client's name: " + principal.error());
  const auto target = target_of(made.context);
  if (!target) return refuse(kFailure, 0, "the ticket's service: " + target.error());
  if (!names_service(*target, service_))
    return refuse(kFailure, 0, "the ticket is for " + printable(*target) + ", not for " + service_ + "/*");
  auto exported = export_context(std::move(made.context));
  if (!exported) return refuse(kFailure, 0, std::move(exported.error()));
  if (ticket_ended(exported->ticket_end_s)) return refuse(kGssCredentialsExpired, 0, std::string(kExpiredText));

  Accepted out;
  out.key = exported->key;
  out.ticket_end_s = exported->ticket_end_s;
  out.principal = std::move(*principal);
  out.token.assign(made.token.bytes().begin(), made.token.bytes().end());
  return out;
}

}  // namespace

std::unique_ptr<Acceptor> make_keytab_acceptor(std::string keytab, std::string service, std::string replay_cache) {
  return std::make_unique<KeytabAcceptor>(std::move(keytab), std::move(service), std::move(replay_cache));
}

}  // namespace gatehouse::gss
