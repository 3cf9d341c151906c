#include "proxy/ctl/claim.h"

#include <charconv>

#include "rpc/auth_sys.h"
#include "rpc/names.h"

namespace gatehouse::ctl {
namespace {

using rpc::AuthFlavor;
using Body = std::vector<std::uint8_t>;

// The credential's machine name is the guest's own word and decides nothing.
constexpr std::string_view kMachine = "explain";

// Not by write_auth_sys: a claim of more than 16 groups must be made, too.
Body sys_body(const Claim& c) {
  Body out(4 + 4 + rpc::padded(kMachine.size()) + 12 + 4 * c.gids.size());
  rpc::XdrWriter w(out);
  w.u32(0);
  w.text(kMachine);
  w.u32(c.uid);
  w.u32(c.gid);
  w.u32(static_cast<std::uint32_t>(c.gids.size()));
  for (const std::uint32_t gid : c.gids) w.u32(gid);
  return out;
}

// RFC 2203 section 5.2: a DATA call of a context.
Body gss_body(rpc::GssService service) {
  static constexpr std::uint8_t kHandle[4] = {};
  rpc::GssCred cred;
  cred.version = rpc::kGssVersion1;
  cred.proc = static_cast<std::uint32_t>(rpc::GssProc::data);
  cred.seq = 1;
  cred.service = static_cast<std::uint32_t>(service);
  cred.handle = kHandle;
  Body out(rpc::kMaxAuthBytes);
  rpc::XdrWriter w(out);
  rpc::write_gss_cred(w, cred);
  out.resize(w.size());
  return out;
}

struct Flavor {
  std::string_view word;
  AuthFlavor flavor;
  rpc::GssService service = rpc::GssService::none;  // of RPCSEC_GSS
};
constexpr Flavor kFlavors[] = {{"none", AuthFlavor::none},
                               {"sys", AuthFlavor::sys},
                               {"krb5", AuthFlavor::rpcsec_gss, rpc::GssService::none},
                               {"krb5i", AuthFlavor::rpcsec_gss, rpc::GssService::integrity},
                               {"krb5p", AuthFlavor::rpcsec_gss, rpc::GssService::privacy},
                               {"tls", AuthFlavor::tls},
                               {"short", AuthFlavor::short_hand},
                               {"dh", AuthFlavor::dh}};

const Flavor* find_flavor(std::string_view word) {
  for (const Flavor& f : kFlavors)
    if (f.word == word) return &f;
  return nullptr;
}

std::string in_quotes(std::string_view s) {
  return '"' + std::string(s) + '"';
}

// What is wrong with who is said to call; empty: nothing. A principal is compared with patterns as Kerberos shows it,
// which is with its realm.
std::string principal_fault(const Claim& c, const Flavor& flavor) {
  const bool kerberos = flavor.flavor == AuthFlavor::rpcsec_gss;
  if (kerberos && c.principal.empty())
    return "--sec " + c.sec + " needs --principal: say who calls, for example --principal alice@EXAMPLE.COM";
  if (!kerberos && !c.principal.empty())
    return "--principal goes with --sec krb5, krb5i or krb5p, not with --sec " + c.sec;
  const std::size_t at = c.principal.rfind('@');
  if (kerberos && (at == 0 || at == std::string::npos || at + 1 == c.principal.size()))
    return "--principal is " + in_quotes(c.principal) + ": write it with its realm, for example alice@EXAMPLE.COM";
  return {};
}

}  // namespace

std::expected<std::uint32_t, std::string> parse_number(std::string_view option, std::string_view text) {
  std::uint32_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error == std::errc{} && end == text.data() + text.size()) return n;
  return std::unexpected(std::string(option) + " is " + in_quotes(text) + ": write a number of 0 to 4294967295");
}

std::expected<std::vector<std::uint32_t>, std::string> parse_numbers(std::string_view option, std::string_view text) {
  std::vector<std::uint32_t> out;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const auto n = parse_number(option, text.substr(0, comma));
    if (!n) return std::unexpected(n.error() + ", or several with commas between");
    out.push_back(*n);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
    if (text.empty()) return std::unexpected(std::string(option) + " ends with a comma: write for example 0,5");
  }
  return out;
}

std::expected<Call, std::string> make_call(const Claim& c) {
  const auto program = rpc::program_number(c.program);
  if (!program)
    return std::unexpected("--program is " + in_quotes(c.program) +
                           ": write a name such as nfs, mountd or rpcbind, or a number");
  const auto procedure = rpc::procedure_number(*program, c.version, c.procedure);
  if (!procedure)
    return std::unexpected("--procedure is " + in_quotes(c.procedure) + ", which " + rpc::program_name(*program) +
                           " version " + std::to_string(c.version) +
                           " does not have: write a name such as getattr, or a number");
  const Flavor* flavor = find_flavor(c.sec);
  if (flavor == nullptr)
    return std::unexpected("--sec is " + in_quotes(c.sec) + ": write none, sys, krb5, krb5i, krb5p, tls, short or dh");
  if (const std::string fault = principal_fault(c, *flavor); !fault.empty()) return std::unexpected(fault);
  Call out;
  out.service = flavor->service;
  if (flavor->flavor == AuthFlavor::sys) out.credential = sys_body(c);
  if (flavor->flavor == AuthFlavor::rpcsec_gss) out.credential = gss_body(flavor->service);
  out.header.rpcvers = rpc::kRpcVersion;
  out.header.program = *program;
  out.header.version = c.version;
  out.header.procedure = *procedure;
  out.header.cred = {static_cast<std::uint32_t>(flavor->flavor), out.credential};
  return out;
}

}  // namespace gatehouse::ctl
