#include <sstream>

#include "proxy/policy/decide.h"
#include "rpc/names.h"

namespace gatehouse::policy {
namespace {

std::string sec_list(SecSet set) {
  std::string out;
  for (const Sec s : set) out.append(out.empty() ? "" : ", ").append(sec_name(s));
  return "[" + out + "]";
}

std::string called(const rpc::CallHeader& c) {
  return rpc::program_name(c.program) + " version " + std::to_string(c.version) + " procedure " +
         rpc::procedure_name(c.program, c.version, c.procedure);
}

bool kerberos(const rpc::CallHeader& call) {
  return call.cred.is(rpc::AuthFlavor::rpcsec_gss);
}

// The word of `sec` for the call's flavor, as far as there is one.
std::string flavor_word(const rpc::CallHeader& call) {
  if (call.cred.is(rpc::AuthFlavor::none)) return "none";
  if (call.cred.is(rpc::AuthFlavor::sys)) return "sys";
  rpc::GssCred cred;
  if (!kerberos(call) || !rpc::parse_gss_cred(call.cred.body, cred)) return "the flavor";
  switch (cred.service) {
    case static_cast<std::uint32_t>(rpc::GssService::none): return "krb5";
    case static_cast<std::uint32_t>(rpc::GssService::integrity): return "krb5i";
    case static_cast<std::uint32_t>(rpc::GssService::privacy): return "krb5p";
    default: return "the flavor";
  }
}

std::string ids_word(const Guest& guest, const rpc::CallHeader& call) {
  if (kerberos(call)) return "ids of the principal";
  const bool maps = !guest.ids.uid_map.empty() || !guest.ids.gid_map.empty();
  return maps ? "ids as the guest's maps say" : "ids as the guest claims them";
}

std::string_view rpcbind_outcome(const Decision& d) {
  if (d.verdict != Verdict::refuse) return " is answered by the gateway: the listener has rpcbind = true";
  switch (d.rejection.kind) {
    case rpc::Rejection::Kind::garbage_args: return " has arguments that cannot be read";
    case rpc::Rejection::Kind::prog_unavail: return " is not served: the listener has rpcbind = true";
    case rpc::Rejection::Kind::auth_error: return " takes AUTH_NONE or AUTH_SYS: the listener has rpcbind = true";
    default: return " is no procedure that the gateway answers";
  }
}

std::string squash_word(authunix::Squash s) {
  return s == authunix::Squash::all ? "all" : s == authunix::Squash::root ? "root" : "none";
}

}  // namespace

std::string describe(const Guest& guest, const rpc::CallHeader& call, std::optional<std::uint32_t> port,
                     const Decision& d) {
  std::ostringstream s;
  s << "guest " << guest.name << ": ";
  switch (d.rule) {
    case Rule::granted: s << called(call) << " is granted, " << ids_word(guest, call); break;
    case Rule::squash:
      s << called(call) << " is granted, squash = \"" << squash_word(guest.ids.squash) << "\" replaced ids";
      break;
    case Rule::id_map:
      s << called(call) << " is granted, an id that is -1 or in no range of the map became anonymous";
      break;
    case Rule::insecure_squash:
      s << called(call) << " is granted, but source port " << *port
        << " is not below 1024: insecure_action = \"squash\" made the caller anonymous";
      break;
    case Rule::null_procedure:
      s << (kerberos(call) ? "the NULL procedure is taken with every service of RPCSEC_GSS"
                           : "the NULL procedure with AUTH_NONE needs no authorization");
      break;
    case Rule::state_operation:
      s << called(call)
        << " of state operations alone is taken with krb5i: Linux sends these so, as the machine's principal";
      break;
    case Rule::tls_probe: s << "the AUTH_TLS probe is answered by the gateway: no TLS here"; break;
    case Rule::bad_credential: s << "the credential is malformed"; break;
    case Rule::bad_verifier: s << "the verifier is not an empty AUTH_NONE"; break;
    case Rule::unknown_flavor: s << "flavor " << call.cred.flavor << " is not taken from anybody"; break;
    case Rule::sec:
      s << flavor_word(call) << " is not in sec = " << sec_list(guest.sec_for(call.program)) << " for "
        << rpc::program_name(call.program);
      break;
    case Rule::principal:
      s << "the principal is not among the guest's principals, or a [[principal]] rule denies it";
      break;
    case Rule::no_account: s << "the principal has no local account, and no [[principal]] rule is for it"; break;
    case Rule::lookup_failed: s << "the system could not say which account the principal has"; break;
    case Rule::secure: s << "secure = true and source port " << *port << " is not below 1024"; break;
    case Rule::groups:
      s << "groups = \"reject\" and the " << (kerberos(call) ? "principal" : "claim") << " has more than 16 groups";
      break;
    case Rule::program:
      s << "program " << rpc::program_name(call.program) << " is served by none of the guest's backends";
      break;
    case Rule::version:
      s << rpc::program_name(call.program) << " version " << call.version << " is not granted, only " << d.rejection.low
        << " to " << d.rejection.high;
      break;
    case Rule::procedure: s << called(call) << " is not in the guest's programs"; break;
    case Rule::rpc_version: s << "RPC version " << call.rpcvers << " is not 2"; break;
    case Rule::rpcbind_builtin:
      s << called(call) << " is refused by a built-in rule that no configuration lifts";
      break;
    case Rule::rpcbind: s << called(call) << rpcbind_outcome(d); break;
  }
  return s.str();
}

}  // namespace gatehouse::policy
