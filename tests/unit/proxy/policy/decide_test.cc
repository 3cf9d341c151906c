#include "proxy/policy/decide.h"

#include <set>

#include "tests/unit/proxy/policy/fixture.h"

using namespace gatehouse;
using namespace gatehouse::policy;
using gatehouse::test::Call;
using gatehouse::test::web1;
using rpc::AuthFlavor;
using rpc::AuthStat;
using rpc::Rejection;
using Kind = Rejection::Kind;

namespace {

constexpr std::uint32_t kNfs = 100003, kMountd = 100005, kRpcbind = 100000;

void check_refused(const Decision& d, Rule rule, const Rejection& why) {
  CHECK(d.verdict == Verdict::refuse);
  CHECK(rule_word(d.rule) == rule_word(rule));
  CHECK(rpc::rejection_name(d.rejection) == std::string(rpc::rejection_name(why)));
  CHECK(d.rejection == why);
}
void check_forwarded(const Decision& d, Rule rule, AuthFlavor flavor, std::uint16_t backend) {
  CHECK(d.verdict == Verdict::forward);
  CHECK(rule_word(d.rule) == rule_word(rule));
  CHECK(d.flavor == flavor);
  CHECK(d.backend == backend);
}
Decision ask(const Guest& g, const Call& c, std::optional<std::uint32_t> port = 900) {
  return decide(g, c.header(), port);
}

}  // namespace

TEST_CASE("an ordinary user from a privileged port is granted its own ids [V5, L1]") {
  Call c(kNfs, 4, 1);
  const Decision d = ask(web1(), c.sys(1000, 100, {5, 6}));
  check_forwarded(d, Rule::granted, AuthFlavor::sys, 0);
  CHECK(d.credential.uid == 1000);
  CHECK(d.credential.gid == 100);
  CHECK(d.credential.gid_count == 2);
  CHECK(d.claimed_uid == 1000U);
}

TEST_CASE("root from a privileged port goes on as the anonymous user [V5, T1]") {
  Call c(kNfs, 3, 7);
  const Decision d = ask(web1(), c.sys(0, 0), 1023);
  check_forwarded(d, Rule::squash, AuthFlavor::sys, 0);
  CHECK(d.credential.uid == 60001);
  CHECK(d.credential.gid == 60002);
  Guest all = web1();
  all.ids.squash = authunix::Squash::all;
  Call user(kNfs, 3, 7);
  check_forwarded(ask(all, user.sys(1000, 100)), Rule::squash, AuthFlavor::sys, 0);
}

TEST_CASE("root of a trusted guest that squashes nobody stays root [T1]") {
  Guest g = web1();
  g.trusted = true;
  g.ids.squash = authunix::Squash::none;
  Call c(kNfs, 4, 1);
  const Decision d = ask(g, c.sys(0, 0));
  check_forwarded(d, Rule::granted, AuthFlavor::sys, 0);
  CHECK(d.credential.uid == 0);
}

TEST_CASE("an id in no range of the map goes on as anonymous [T1]") {
  Guest g = web1();
  REQUIRE(g.ids.uid_map.add({0, 999, 100000}));
  Call c(kNfs, 4, 1);
  const Decision d = ask(g, c.sys(5000, 100));
  check_forwarded(d, Rule::id_map, AuthFlavor::sys, 0);
  CHECK(d.credential.uid == 60001);
}

TEST_CASE("a call from port 1024 is refused as AUTH_TOOWEAK, or squashed where the guest says so [V5]") {
  Call c(kNfs, 4, 1);
  c.sys(0, 0);
  check_refused(ask(web1(), c, 1024), Rule::secure, Rejection::auth(AuthStat::tooweak));
  check_refused(ask(web1(), c, 65535), Rule::secure, Rejection::auth(AuthStat::tooweak));
  Guest g = web1();
  g.ids.insecure_action = authunix::InsecureAction::squash;
  g.ids.squash = authunix::Squash::none;
  const Decision d = ask(g, c, 1024);
  check_forwarded(d, Rule::insecure_squash, AuthFlavor::sys, 0);
  CHECK(d.credential.uid == 60001);
}

TEST_CASE("where there are no ports AUTH_SYS is taken and root squashed [V5, A3]") {
  Call c(kNfs, 4, 1);
  check_forwarded(ask(web1(), c.sys(0, 0), std::nullopt), Rule::squash, AuthFlavor::sys, 0);
}

TEST_CASE("a flavor that is not in sec is AUTH_TOOWEAK, by program where that is stated [V7]") {
  Guest g = web1();
  g.sec = {Sec::krb5p};
  g.sec_by_program = {{kMountd, {Sec::sys}}};
  Call nfs(kNfs, 4, 1), mnt(kMountd, 3, 1), gss(kNfs, 4, 1), gss_mnt(kMountd, 3, 1);
  check_refused(ask(g, nfs.sys(1000, 100)), Rule::sec, Rejection::auth(AuthStat::tooweak));
  check_forwarded(ask(g, mnt.sys(1000, 100)), Rule::granted, AuthFlavor::sys, 1);
  // Whoever asks for RPCSEC_GSS without its context asks in vain, for NULL too.
  Call gss_null(kNfs, 4, 0);
  check_refused(ask(g, gss_null.cred(6)), Rule::bad_credential, Rejection::auth(AuthStat::badcred));
  check_refused(ask(g, gss.cred(6, {1, 2, 3, 4})), Rule::bad_credential, Rejection::auth(AuthStat::badcred));
  check_refused(ask(g, gss_mnt.cred(6, {1, 2, 3, 4})), Rule::sec, Rejection::auth(AuthStat::tooweak));
}

TEST_CASE("AUTH_NONE calls NULL and nothing else, unless sec has none [V7, T1]") {
  Call null(kNfs, 4, 0), data(kNfs, 4, 1), no_program(100021, 4, 0);
  null.cred(0);
  data.cred(0);
  no_program.cred(0);
  check_forwarded(ask(web1(), null, 40000), Rule::null_procedure, AuthFlavor::none, 0);
  check_refused(ask(web1(), data), Rule::sec, Rejection::auth(AuthStat::tooweak));
  check_refused(ask(web1(), no_program), Rule::program, Rejection::of(Kind::prog_unavail));
  Guest g = web1();
  g.sec = {Sec::none};
  check_forwarded(ask(g, data), Rule::granted, AuthFlavor::none, 0);
}

TEST_CASE("AUTH_NONE with a body or a verifier is malformed [P11]") {
  Call body(kNfs, 4, 0), verf(kNfs, 4, 0);
  check_refused(ask(web1(), body.cred(0, {1})), Rule::bad_credential, Rejection::auth(AuthStat::badcred));
  check_refused(ask(web1(), verf.cred(0).verf(1)), Rule::bad_verifier, Rejection::auth(AuthStat::badverf));
}

TEST_CASE("a malformed AUTH_SYS credential is AUTH_BADCRED and its verifier must be an empty AUTH_NONE [P11]") {
  Call cut(kNfs, 4, 1), verf(kNfs, 4, 1), verf_body(kNfs, 4, 1);
  check_refused(ask(web1(), cut.cred(1, {0, 0, 0, 1, 0, 0, 0, 0})), Rule::bad_credential,
                Rejection::auth(AuthStat::badcred));
  const Decision d = ask(web1(), verf.sys(7, 7).verf(6, {1, 2, 3, 4}));
  check_refused(d, Rule::bad_verifier, Rejection::auth(AuthStat::badverf));
  CHECK(d.claimed_uid == 7U);
  check_refused(ask(web1(), verf_body.sys(7, 7).verf(0, {1})), Rule::bad_verifier, Rejection::auth(AuthStat::badverf));
}

TEST_CASE("AUTH_SHORT, AUTH_DH and flavors nobody knows are AUTH_REJECTEDCRED [P12]") {
  for (const std::uint32_t flavor : {2U, 3U, 4U, 5U, 8U, 390003U, 0xffffffffU}) {
    Call c(kNfs, 4, 1);
    check_refused(ask(web1(), c.cred(flavor)), Rule::unknown_flavor, Rejection::auth(AuthStat::rejectedcred));
  }
}

TEST_CASE("the AUTH_TLS probe is answered here and never forwarded [P12]") {
  Call probe(kNfs, 4, 0), other(999, 9, 0), body(kNfs, 4, 0), verf(kNfs, 4, 0), data(kNfs, 4, 1);
  const Decision d = ask(web1(), probe.cred(7), 40000);
  CHECK(d.verdict == Verdict::answer_empty);
  CHECK(d.rule == Rule::tls_probe);
  CHECK(ask(web1(), other.cred(7)).verdict == Verdict::answer_empty);
  check_refused(ask(web1(), body.cred(7, {1})), Rule::bad_credential, Rejection::auth(AuthStat::badcred));
  check_refused(ask(web1(), verf.cred(7).verf(0, {1})), Rule::bad_verifier, Rejection::auth(AuthStat::badverf));
  check_refused(ask(web1(), data.cred(7)), Rule::bad_credential, Rejection::auth(AuthStat::badcred));
}

TEST_CASE("programs, versions and procedures that are not granted are refused, each in its way [L1, L5]") {
  Call program(100021, 4, 1), low(kNfs, 2, 1), high(kNfs, 5, 1), procedure(kMountd, 3, 2), granted(kMountd, 3, 1),
      null(kMountd, 3, 0);
  check_refused(ask(web1(), program.sys(1, 1)), Rule::program, Rejection::of(Kind::prog_unavail));
  check_refused(ask(web1(), low.sys(1, 1)), Rule::version, Rejection::prog_mismatch(3, 4));
  check_refused(ask(web1(), high.sys(1, 1)), Rule::version, Rejection::prog_mismatch(3, 4));
  check_refused(ask(web1(), procedure.sys(1, 1)), Rule::procedure, Rejection::of(Kind::proc_unavail));
  check_forwarded(ask(web1(), granted.sys(1, 1)), Rule::granted, AuthFlavor::sys, 1);
  check_forwarded(ask(web1(), null.sys(1, 1)), Rule::granted, AuthFlavor::sys, 1);
}

TEST_CASE("a guest without programs is refused everything [L8]") {
  Guest g = web1();
  g.programs.clear();
  Call c(kNfs, 4, 0);
  check_refused(ask(g, c.sys(1, 1)), Rule::program, Rejection::of(Kind::prog_unavail));
}

TEST_CASE(
    "grants of one program in several backends go each to its own, and a gap between them is a version nobody has "
    "[L1]") {
  Guest g = web1();
  g.programs = {{kNfs, 2, 2, 5, {}}, {kNfs, 4, 4, 6, {}}};
  Call two(kNfs, 2, 1), three(kNfs, 3, 1), four(kNfs, 4, 1);
  check_forwarded(ask(g, two.sys(1, 1)), Rule::granted, AuthFlavor::sys, 5);
  check_forwarded(ask(g, four.sys(1, 1)), Rule::granted, AuthFlavor::sys, 6);
  check_refused(ask(g, three.sys(1, 1)), Rule::version, Rejection::prog_mismatch(2, 4));
}

TEST_CASE("SET, UNSET, CALLIT, BCAST and INDIRECT of rpcbind are refused whatever is granted [P8]") {
  for (const std::uint32_t version : {2U, 3U, 4U})
    for (std::uint32_t procedure = 0; procedure < 14; ++procedure) {
      CAPTURE(version, procedure);
      Guest g = web1();
      g.trusted = true;
      g.programs = {{kRpcbind, 2, 4, 2, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}}};
      Call c(kRpcbind, version, procedure);
      const bool refused = procedure == 1 || procedure == 2 || procedure == 5 || procedure == 10;
      CHECK(rpcbind_refused(procedure) == refused);
      const Decision d = ask(g, c.sys(1, 1));
      if (refused)
        check_refused(d, Rule::rpcbind_builtin, Rejection::of(Kind::proc_unavail));
      else
        check_forwarded(d, Rule::granted, AuthFlavor::sys, 2);
    }
}

TEST_CASE("a refusal of the claim hides what is granted: no program is named to a caller from a wrong port [V5]") {
  Call c(999, 9, 9);
  check_refused(ask(web1(), c.sys(1, 1), 40000), Rule::secure, Rejection::auth(AuthStat::tooweak));
}

TEST_CASE("each rule has its own word [L1]") {
  std::set<std::string_view> words;
  for (std::size_t i = 0; i < kRuleCount; ++i) {
    const std::string_view word = rule_word(static_cast<Rule>(i));
    CHECK_FALSE(word.empty());
    words.insert(word);
  }
  CHECK(words.size() == kRuleCount);
  CHECK(rule_word(Rule::granted) == "granted");
  CHECK(rule_word(Rule::rpcbind_builtin) == "rpcbind-builtin");
}
