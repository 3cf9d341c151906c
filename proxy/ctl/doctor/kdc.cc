// The KDC: its clock, and whether it has the keys that the keytab has. Asked for an initial ticket with the keytab's
// key, which stays in memory: the only question that proves that a key is the KDC's of today.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <optional>

#include "gss/acceptors/krb5_token.h"
#include "proxy/ctl/doctor/checks.h"
#include "proxy/ctl/doctor/kerberos.h"

namespace gatehouse::doctor {
namespace {

constexpr long kRefusedSkew = 300;  // libkrb5's default, clockskew of krb5.conf
constexpr long kOddSkew = 30;
// Who is asked for when there is no key: the KDC's refusal carries its clock.
constexpr std::string_view kNobody = "gatehousectl-doctor";

// What the KDC said.
struct Said {
  krb5_error_code error = 0;
  std::string text;  // of the error
  std::string realm;
  std::optional<long> skew_s;  // the KDC's clock minus ours
};

struct Principal {
  krb5_context context;
  krb5_principal value = nullptr;
  explicit Principal(krb5_context c) : context(c) {}
  Principal(const Principal&) = delete;
  Principal& operator=(const Principal&) = delete;
  ~Principal() { krb5_free_principal(context, value); }
};

// The clock that the KDC put into its refusal, if it refused.
std::optional<long> refusal_skew(krb5_context context, krb5_init_creds_context asking, std::time_t now) {
  krb5_error* said = nullptr;
  if (krb5_init_creds_get_error(context, asking, &said) != 0 || said == nullptr) return std::nullopt;
  // Seconds since 1970 in 32 bits, unsigned as libkrb5 reads them.
  const long skew = static_cast<long>(static_cast<std::uint32_t>(said->stime)) - static_cast<long>(now);
  krb5_free_error(context, said);
  return skew;
}

krb5_error_code ask(const Krb5& krb5, krb5_init_creds_context asking, const std::string& keytab, Said& out) {
  krb5_keytab keys = nullptr;
  krb5_error_code error = 0;
  if (!keytab.empty()) error = krb5_kt_resolve(krb5.get(), ("FILE:" + keytab).c_str(), &keys);
  if (error == 0 && keys != nullptr) error = krb5_init_creds_set_keytab(krb5.get(), asking, keys);
  if (error == 0) error = krb5_init_creds_get(krb5.get(), asking);
  out.text = krb5.text(error);
  krb5_timestamp seconds = 0;
  krb5_int32 micro = 0;
  if (error == 0 && krb5_get_time_offsets(krb5.get(), &seconds, &micro) == 0)
    out.skew_s = seconds;
  else
    out.skew_s = refusal_skew(krb5.get(), asking, std::time(nullptr));
  if (keys != nullptr) krb5_kt_close(krb5.get(), keys);
  return error;
}

// Asks for a ticket of `client`, with the key of the keytab unless that is empty.
Said ask_kdc(const Krb5& krb5, const std::string& client, const std::string& keytab) {
  Said out;
  Principal who(krb5.get());
  krb5_init_creds_context asking = nullptr;
  out.error = krb5_parse_name(krb5.get(), client.c_str(), &who.value);
  if (out.error == 0) {
    out.realm.assign(who.value->realm.data, who.value->realm.length);
    out.error = krb5_init_creds_init(krb5.get(), who.value, nullptr, nullptr, 0, nullptr, &asking);
  }
  if (out.error != 0)
    out.text = krb5.text(out.error);
  else
    out.error = ask(krb5, asking, keytab, out);
  if (asking != nullptr) krb5_init_creds_free(krb5.get(), asking);
  return out;
}

void judge_clock(const Said& said, Findings& out) {
  if (!said.skew_s) return;
  const long off = std::labs(*said.skew_s);
  const std::string seen = "the KDC of " + said.realm + " is " + std::to_string(off) + " s " +
                           (*said.skew_s < 0 ? "behind" : "ahead of") + " this host's clock";
  const std::string mend =
      "run an NTP client (systemctl enable --now systemd-timesyncd), on the KDC and in the guests, too";
  if (off >= kRefusedSkew)
    out.problem(seen + ": tickets are refused from " + std::to_string(kRefusedSkew) + " s on", mend);
  else if (off >= kOddSkew)
    out.warning(seen, mend);
  else
    out.ok("the clocks of this host and of the KDC of " + said.realm + " agree within " + std::to_string(off + 1) +
           " s");
}

void unreachable(const Said& said, Findings& out) {
  out.warning(
      "no KDC of " + (said.realm.empty() ? "the default realm" : said.realm) + " can be asked: " + said.text,
      "see [realms] and default_realm in krb5.conf, and the firewall; the gateway itself asks no KDC, its guests must");
}

bool is_unreachable(krb5_error_code error) {
  return error == KRB5_KDC_UNREACH || error == KRB5_REALM_UNKNOWN || error == KRB5_REALM_CANT_RESOLVE ||
         error == KRB5_CONFIG_NODEFREALM;
}

void judge_key(const Said& said, const Key& key, const config::Kerberos& k, Findings& out) {
  const std::string which = key.principal + ", kvno " + std::to_string(key.kvno) + " in " + k.keytab;
  const std::string ktadd = "kadmin -q 'ktadd -k " + k.keytab + ' ' + key.principal + "'";
  switch (said.error) {
    case 0: return out.ok("the KDC has the same key for " + which);
    case KRB5KDC_ERR_PREAUTH_FAILED:
    case KRB5_PREAUTH_FAILED:
    case KRB5KRB_AP_ERR_BAD_INTEGRITY:
    case KRB5KRB_AP_ERR_MODIFIED:
      return out.problem(
          "the KDC has another key for " + which + ": the key was renewed, and the keytab is out of date",
          ktadd + " (which renews it once more), then chown it again");
    case KRB5KDC_ERR_ETYPE_NOSUPP: return out.problem("the KDC has no key of the keytab's types for " + which, ktadd);
    case KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN:
      return out.warning("the KDC knows no " + which,
                         "MIT, Heimdal: kadmin -q 'addprinc -randkey " + key.principal + "', then " + ktadd +
                             "; Active Directory says so of every service name: compare the kvno there");
    case KRB5KRB_AP_ERR_SKEW:
    case KRB5_KDCREP_SKEW: return;  // said with the clock
    default:
      if (is_unreachable(said.error)) return unreachable(said, out);
      return out.warning("the KDC gives no ticket for " + which + ": " + said.text,
                         "see the principal there: kadmin -q 'getprinc " + key.principal + "'");
  }
}

// The newest key of each principal of the service, some of them when there are many.
std::vector<Key> newest_keys(const Krb5& krb5, const config::Kerberos& k) {
  std::vector<Key> out;
  if (k.acceptor == config::Kerberos::Acceptor::gssproxy) return out;
  const auto keys = krb5.keys(k.keytab);
  if (!keys) return out;
  for (const Key& key : *keys) {
    if (!gss::names_service(key.principal, k.service)) continue;
    const auto known = std::ranges::find(out, key.principal, &Key::principal);
    if (known != out.end())
      *known = std::max(*known, key, [](const Key& a, const Key& b) { return a.kvno < b.kvno; });
    else if (out.size() < kMostNamed)
      out.push_back(key);
  }
  return out;
}

}  // namespace

void check_kdc(const Exam& e, std::size_t /*part*/, Findings& out) {
  const config::Kerberos& k = e.conf->kerberos;
  if (!may_use_kerberos(*e.conf)) return out.ok("no guest may use Kerberos");
  // Who has no keytab has no realm that could be told from krb5.conf's example.
  if (k.acceptor == config::Kerberos::Acceptor::keytab && ::access(k.keytab.c_str(), F_OK) != 0)
    return out.unknown("the keytab " + k.keytab + ": " + std::strerror(errno), "see the check \"files\"");
  const Krb5 krb5;
  if (!krb5.fault().empty()) return out.problem(krb5.fault(), "mend /etc/krb5.conf");
  const std::vector<Key> keys = newest_keys(krb5, k);
  if (keys.empty()) {
    const Said said = ask_kdc(krb5, std::string(kNobody), {});
    if (is_unreachable(said.error)) return unreachable(said, out);
    judge_clock(said, out);
    return out.unknown(
        "the keys of the service cannot be compared with the KDC's: none of them can be read here",
        "run gatehousectl doctor as root; with gssproxy, kinit -k -t KEYTAB " + k.service + "/NAME shows the same");
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const Said said = ask_kdc(krb5, keys[i].principal, k.keytab);
    if (i == 0) judge_clock(said, out);
    judge_key(said, keys[i], k, out);
    if (is_unreachable(said.error)) return;
  }
}

}  // namespace gatehouse::doctor
