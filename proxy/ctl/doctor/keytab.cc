// What is in the keytab. What the daemon would take of it is asked of the daemon's own loader.
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <set>

#include "gss/acceptors/krb5_token.h"
#include "gss/acceptors/service_keys.h"
#include "proxy/ctl/doctor/checks.h"
#include "proxy/ctl/doctor/kerberos.h"

namespace gatehouse::doctor {
namespace {

// The keys of one principal.
struct Held {
  std::set<krb5_kvno> kvnos;
  std::set<std::string> taken;
  std::set<std::string> weak;
};

std::map<std::string, Held> by_principal(const std::vector<Key>& keys, const std::string& service) {
  std::map<std::string, Held> out;
  for (const Key& key : keys) {
    if (!gss::names_service(key.principal, service)) continue;
    Held& held = out[key.principal];
    held.kvnos.insert(key.kvno);
    (gss::ServiceKeys::takes(key.enctype) ? held.taken : held.weak).insert(key.enctype_name);
  }
  return out;
}

template <class T>
std::string listed(const T& items) {
  Names out;
  for (const auto& item : items) {
    if constexpr (std::is_convertible_v<decltype(item), std::string_view>)
      out.add(item);
    else
      out.add(std::to_string(item));
  }
  return out.str();
}

}  // namespace

void check_keytab(const Exam& e, std::size_t /*part*/, Findings& out) {
  const config::Kerberos& k = e.conf->kerberos;
  if (!may_use_kerberos(*e.conf)) return out.ok("no guest may use Kerberos");
  if (k.acceptor == config::Kerberos::Acceptor::gssproxy)
    return out.ok("gssproxy has the keytab: see the check \"gssproxy\"");
  // One that is not there is the check "files"' to judge: it knows whether it matters.
  if (::access(k.keytab.c_str(), R_OK) != 0)
    return out.unknown("the keytab " + k.keytab + ": " + std::strerror(errno),
                       errno == EACCES ? "run gatehousectl doctor as root" : "see the check \"files\"");
  const Krb5 krb5;
  const std::string ktadd =
      "kadmin -q 'ktadd -k " + k.keytab + ' ' + k.service + "/NAME', NAME being what guests mount by";
  if (!krb5.fault().empty()) return out.problem(krb5.fault(), "mend /etc/krb5.conf");
  const auto keys = krb5.keys(k.keytab);
  if (!keys)
    return out.problem("the keytab " + k.keytab + " does not parse: " + keys.error(), "make it anew: " + ktadd);
  if (const auto usable = gss::ServiceKeys::load(k.keytab, k.service); !usable)
    return out.problem(usable.error(), ktadd);
  for (const auto& [principal, held] : by_principal(*keys, k.service)) {
    const std::string seen = principal + ", kvno " + listed(held.kvnos);
    if (held.taken.empty())
      out.problem(
          seen + ": keys of weak types only (" + listed(held.weak) + "), which are not taken",
          "make keys of AES types: kadmin -q 'ktadd -k " + k.keytab + " -e aes256-cts:normal " + principal + "'");
    else if (!held.weak.empty())
      out.warning(seen + ": " + listed(held.taken) + ", and of weak types " + listed(held.weak) +
                      ": a ticket under one of these is refused",
                  "make keys of AES types alone, so that the KDC uses no other: kadmin -q 'ktadd -k " + k.keytab +
                      " -e aes256-cts:normal " + principal + "'");
    else
      out.ok(seen + ": " + listed(held.taken));
  }
}

}  // namespace gatehouse::doctor
