// gssproxy: asked to accept a token that is none, as the daemon would ask it. It looks for this gateway's service and
// for its keytab before it looks at the token.
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "gss/acceptors/gssproxy_link.h"
#include "gss/acceptors/gssproxy_message.h"
#include "gss/acceptors/krb5_token.h"
#include "proxy/ctl/doctor/checks.h"

namespace gatehouse::doctor {
namespace {

constexpr std::uint32_t kXid = 0x646f6374;   // any: one call is made
constexpr std::uint32_t kNoCred = 7U << 16;  // GSS_S_NO_CRED of RFC 2743

// A frame of RFC 2743 section 3.1 for krb5 with four bytes in it that are no AP-REQ.
std::vector<std::uint8_t> no_token() {
  std::vector<std::uint8_t> out = {0x60, static_cast<std::uint8_t>(2 + gss::kKrb5Mech.size() + 4), 0x06,
                                   static_cast<std::uint8_t>(gss::kKrb5Mech.size())};
  out.insert(out.end(), gss::kKrb5Mech.begin(), gss::kKrb5Mech.end());
  out.insert(out.end(), {0x01, 0x00, 0x00, 0x00});
  return out;
}

void ask(const std::string& socket, const std::string& name, const std::string& service, Findings& out) {
  const std::string entry = "the service section of /etc/gssproxy with socket = " + socket;
  const Deadline deadline = question_deadline();
  auto link = gss::GssproxyLink::open(socket, deadline);
  if (!link)
    return out.problem(link.error(),
                       "systemctl restart gssproxy; " + entry + " must be there (gssproxy(8) logs what it drops)");
  const auto reply = link->exchange(gss::encode_accept_call(kXid, no_token()), deadline);
  if (!reply)
    return out.problem("gssproxy at " + socket + ": " + reply.error().text,
                       entry + " needs euid = " + name + ": gssproxy serves nobody else there; then restart it");
  const auto accepted = gss::read_accept_reply(*reply, kXid, service);
  if (accepted) return out.problem("gssproxy at " + socket + " accepted what is no token", "is it gssproxy?");
  const gss::Refused& said = accepted.error();
  if (said.unavailable || said.major == kNoCred)
    return out.problem(socket + ": " + said.text,
                       entry + " needs cred_store = keytab:FILE with keys of " + service + "/NAME, and euid = " + name);
  // Whatever else it says is about the token.
  out.ok("gssproxy at " + socket + " answers " + name + ", and has a keytab");
}

}  // namespace

void check_gssproxy(const Exam& e, std::size_t /*part*/, Findings& out) {
  const config::Kerberos& k = e.conf->kerberos;
  if (k.acceptor != config::Kerberos::Acceptor::gssproxy) return out.ok("gssproxy is not used");
  if (!may_use_kerberos(*e.conf)) return out.ok("no guest may use Kerberos");
  struct stat st{};
  if (::stat(k.gssproxy_socket.c_str(), &st) != 0)
    return out.problem(
        k.gssproxy_socket + ": " + std::strerror(errno),
        "install conf/gssproxy/99-gatehouse.conf as /etc/gssproxy/99-gatehouse.conf, and restart gssproxy");
  if (!S_ISSOCK(st.st_mode))
    return out.problem(k.gssproxy_socket + " is no socket", "take it away, and restart gssproxy");
  // gssproxy knows its clients by their uid.
  const auto account = service_account(e);
  if (!account) return out.unknown(account.error(), "see the check \"files\"");
  const Acting as(*account);
  if (!as.acting())
    return out.unknown("gssproxy answers " + account->name + " alone",
                       "run gatehousectl doctor as root or as " + account->name);
  ask(k.gssproxy_socket, account->name, k.service, out);
}

}  // namespace gatehouse::doctor
