#include <sstream>

#include "proxy/policy/decide.h"
#include "rpc/names.h"

namespace gatehouse::policy {
namespace {

std::string sec_list(SecSet set) {
  std::string out;
  for (const Sec s : {Sec::none, Sec::sys, Sec::krb5, Sec::krb5i, Sec::krb5p})
    if (set.has(s)) out.append(out.empty() ? "" : ", ").append(sec_name(s));
  return "[" + out + "]";
}

std::string called(const rpc::CallHeader& c) {
  return rpc::program_name(c.program) + " version " + std::to_string(c.version) + " procedure " +
         rpc::procedure_name(c.program, c.version, c.procedure);
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
    case Rule::granted:
      s << called(call) << " is granted, "
        << (guest.ids.uid_map.empty() && guest.ids.gid_map.empty() ? "ids as the guest claims them"
                                                                   : "ids as the guest's maps say");
      break;
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
    case Rule::null_procedure: s << "the NULL procedure with AUTH_NONE needs no authorization"; break;
    case Rule::tls_probe: s << "the AUTH_TLS probe is answered by the gateway: no TLS here"; break;
    case Rule::bad_credential: s << "the credential is malformed"; break;
    case Rule::bad_verifier: s << "the verifier is not an empty AUTH_NONE"; break;
    case Rule::unknown_flavor: s << "flavor " << call.cred.flavor << " is not taken from anybody"; break;
    case Rule::sec:
      s << "the flavor is not in sec = " << sec_list(guest.sec_for(call.program)) << " for "
        << rpc::program_name(call.program);
      break;
    case Rule::kerberos_absent: s << "RPCSEC_GSS is listed in sec, but this version does not terminate it"; break;
    case Rule::secure: s << "secure = true and source port " << *port << " is not below 1024"; break;
    case Rule::groups: s << "groups = \"reject\" and the claim has more than 16 groups"; break;
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
  }
  return s.str();
}

}  // namespace gatehouse::policy
