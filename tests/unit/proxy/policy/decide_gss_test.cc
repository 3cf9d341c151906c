// Decisions about calls with a verified RPCSEC_GSS header.
#include <numeric>

#include "tests/unit/proxy/policy/fixture.h"

using namespace gatehouse;
using namespace gatehouse::policy;
using gatehouse::test::Call;
using gatehouse::test::web1;
using rpc::AuthStat;
using rpc::GssService;
using rpc::Rejection;

namespace {

constexpr std::uint32_t kNfs = 100003, kMountd = 100005, kRpcbind = 100000;
constexpr GssService kServices[] = {GssService::none, GssService::integrity, GssService::privacy};
constexpr Sec kFlavors[] = {Sec::krb5, Sec::krb5i, Sec::krb5p};

const gss::Ids kAlice{1000, 100, {5, 6}};

Guest kerberos(SecSet sec) {
  Guest g = web1();
  g.sec = sec;
  return g;
}
gss::Ids with_groups(std::uint32_t n) {
  gss::Ids ids{1000, 100, std::vector<std::uint32_t>(n)};
  std::iota(ids.groups.begin(), ids.groups.end(), 2000U);
  return ids;
}
Decision ask(const Guest& g, const Call& c, GssService service, const gss::Ids& ids = kAlice) {
  return decide_gss(g, c.header(), service, ids);
}
void check_refused(const Decision& d, Rule rule, const Rejection& why) {
  CHECK(d.verdict == Verdict::refuse);
  CHECK(rule_word(d.rule) == rule_word(rule));
  CHECK(d.rejection == why);
}

}  // namespace

TEST_CASE("a principal's call goes on with its ids by AUTH_SYS [G7, V7]") {
  Call c(kNfs, 4, 1);
  for (std::size_t i = 0; i < 3; ++i) {
    const Decision d = ask(kerberos({kFlavors[i]}), c, kServices[i]);
    CHECK(d.verdict == Verdict::forward);
    CHECK(rule_word(d.rule) == "granted");
    CHECK(d.flavor == rpc::AuthFlavor::sys);
    CHECK(d.backend == 0);
    CHECK(d.credential.uid == 1000);
    CHECK(d.credential.gid == 100);
    CHECK(d.credential.gid_count == 2);
    CHECK(d.credential.gids[1] == 6);
    CHECK_FALSE(d.claimed_uid);
  }
}

TEST_CASE("sec is an exact list: a service that is not in it is AUTH_TOOWEAK, stronger or weaker [V7]") {
  Call v3(kNfs, 3, 1), mount(kMountd, 3, 1);
  for (std::size_t listed = 0; listed < 3; ++listed)
    for (std::size_t used = 0; used < 3; ++used) {
      CAPTURE(listed, used);
      const Guest g = kerberos({Sec::none, Sec::sys, kFlavors[listed]});
      for (const Call* c : {&v3, &mount}) {
        const Decision d = ask(g, *c, kServices[used]);
        if (listed == used)
          CHECK(d.verdict == Verdict::forward);
        else
          check_refused(d, Rule::sec, Rejection::auth(AuthStat::tooweak));
      }
    }
  for (const GssService s : kServices)
    check_refused(ask(kerberos({Sec::sys, Sec::none}), v3, s), Rule::sec, Rejection::auth(AuthStat::tooweak));
}

TEST_CASE("sec_by_program decides for its program instead of sec [V7]") {
  Guest g = kerberos({Sec::krb5p});
  g.sec_by_program = {{kMountd, {Sec::sys}}, {kRpcbind, {Sec::krb5}}};
  Call nfs(kNfs, 3, 1), mount(kMountd, 3, 1), rpcbind(kRpcbind, 4, 4);
  CHECK(ask(g, nfs, GssService::privacy).verdict == Verdict::forward);
  check_refused(ask(g, mount, GssService::privacy), Rule::sec, Rejection::auth(AuthStat::tooweak));
  check_refused(ask(g, rpcbind, GssService::privacy), Rule::sec, Rejection::auth(AuthStat::tooweak));
  CHECK(ask(g, rpcbind, GssService::none).backend == 2);
}

TEST_CASE("NULL is taken with every service where one of the three is listed, and nowhere else [V7]") {
  Call null(kNfs, 4, 0), mount(kMountd, 3, 0);
  for (const GssService s : kServices)
    for (const Sec listed : kFlavors) {
      const Decision d = ask(kerberos({listed}), null, s);
      CHECK(d.verdict == Verdict::forward);
      CHECK(rule_word(d.rule) ==
            (kerberos({listed}).sec.has(kFlavors[static_cast<std::size_t>(s) - 1]) ? "granted" : "null-procedure"));
      Guest by_program = kerberos({listed});
      by_program.sec_by_program = {{kMountd, {Sec::sys}}};
      check_refused(ask(by_program, mount, s), Rule::sec, Rejection::auth(AuthStat::tooweak));
    }
  for (const GssService s : kServices)
    check_refused(ask(kerberos({Sec::sys}), null, s), Rule::sec, Rejection::auth(AuthStat::tooweak));
}

TEST_CASE(
    "an NFSv4 COMPOUND with krb5i is taken if it is of state operations alone, where krb5 or krb5p is listed [V7]") {
  Call compound(kNfs, 4, 1), v3(kNfs, 3, 1), other(kNfs, 4, 2), elsewhere(kRpcbind, 4, 1);
  for (const SecSet sec : {SecSet{Sec::krb5}, SecSet{Sec::krb5p}, SecSet{Sec::sys, Sec::krb5, Sec::krb5p}}) {
    const Decision d = ask(kerberos(sec), compound, GssService::integrity);
    CHECK(d.verdict == Verdict::forward_state);
    CHECK(rule_word(d.rule) == "state-operation");
    CHECK(d.flavor == rpc::AuthFlavor::sys);
    CHECK(d.credential.uid == 1000);
    for (const Call* c : {&v3, &other, &elsewhere})
      check_refused(ask(kerberos(sec), *c, GssService::integrity), Rule::sec, Rejection::auth(AuthStat::tooweak));
  }
  CHECK(ask(kerberos({Sec::krb5i}), compound, GssService::integrity).verdict == Verdict::forward);
  // Not with krb5, which proves nothing of the arguments, and not where no Kerberos flavor is listed.
  check_refused(ask(kerberos({Sec::krb5p}), compound, GssService::none), Rule::sec, Rejection::auth(AuthStat::tooweak));
  check_refused(ask(kerberos({Sec::krb5}), compound, GssService::privacy), Rule::sec,
                Rejection::auth(AuthStat::tooweak));
  check_refused(ask(kerberos({Sec::sys}), compound, GssService::integrity), Rule::sec,
                Rejection::auth(AuthStat::tooweak));
}

TEST_CASE("squash applies to principals, whatever ids they map to, and maps of ids do not [T1]") {
  Call c(kNfs, 4, 1);
  Guest g = kerberos({Sec::krb5});
  REQUIRE(g.ids.uid_map.add({0, 9999, 100000}));
  Decision d = ask(g, c, GssService::none, {0, 0, {0, 7}});
  CHECK(rule_word(d.rule) == "squash");
  CHECK(d.credential.uid == 60001);
  CHECK(d.credential.gid == 60002);
  CHECK(d.credential.gids[0] == 60002);
  CHECK(d.credential.gids[1] == 7);
  CHECK(ask(g, c, GssService::none).credential.uid == 1000);
  d = ask(g, c, GssService::none, {0xffffffffU, 100, {}});
  CHECK(rule_word(d.rule) == "id-map");
  CHECK(d.credential.uid == 60001);
  g.ids.squash = authunix::Squash::all;
  CHECK(ask(g, c, GssService::none).credential.uid == 60001);
  CHECK(ask(g, c, GssService::none).credential.gid_count == 0);
  g.ids.squash = authunix::Squash::none;
  CHECK(ask(g, c, GssService::none, {0, 0, {}}).credential.uid == 0);
}

TEST_CASE("squash applies to state operations, too [T1]") {
  Call c(kNfs, 4, 1);
  const Decision d = ask(kerberos({Sec::krb5p}), c, GssService::integrity, {0, 0, {}});
  CHECK(d.verdict == Verdict::forward_state);
  CHECK(rule_word(d.rule) == "state-operation");
  CHECK(d.credential.uid == 60001);
}

TEST_CASE("0, 1, 16, 17, 5000 and 65536 groups meet the guest's strategy, and never more than 16 go on [G6, G7]") {
  Call c(kNfs, 4, 1);
  for (const std::uint32_t n : {0U, 1U, 16U, 17U, 5000U, 65536U}) {
    CAPTURE(n);
    const gss::Ids ids = with_groups(n);
    Guest g = kerberos({Sec::krb5});
    g.ids.groups = authunix::GroupStrategy::first16;
    Decision d = ask(g, c, GssService::none, ids);
    REQUIRE(d.credential.gid_count == std::min(n, 16U));
    for (std::uint32_t i = 0; i < d.credential.gid_count; ++i) CHECK(d.credential.gids[i] == 2000 + i);
    g.ids.groups = authunix::GroupStrategy::primary;
    d = ask(g, c, GssService::none, ids);
    CHECK(d.verdict == Verdict::forward);
    CHECK(d.credential.gid_count == 0);
    CHECK(d.credential.gid == 100);
    g.ids.groups = authunix::GroupStrategy::reject;
    d = ask(g, c, GssService::none, ids);
    if (n > 16)
      check_refused(d, Rule::groups, Rejection::auth(AuthStat::tooweak));
    else
      CHECK(d.credential.gid_count == n);
  }
}

TEST_CASE("programs, versions, procedures and rpcbind's built-in rule hold for principals as for others [L1, P8]") {
  const Guest g = kerberos({Sec::krb5i});
  Call program(100021, 4, 1), version(kNfs, 2, 1), procedure(kMountd, 3, 2), callit(kRpcbind, 2, 5), null(100021, 4, 0);
  check_refused(ask(g, program, GssService::integrity), Rule::program, Rejection::of(Rejection::Kind::prog_unavail));
  check_refused(ask(g, null, GssService::privacy), Rule::program, Rejection::of(Rejection::Kind::prog_unavail));
  check_refused(ask(g, version, GssService::integrity), Rule::version, Rejection::prog_mismatch(3, 4));
  check_refused(ask(g, procedure, GssService::integrity), Rule::procedure,
                Rejection::of(Rejection::Kind::proc_unavail));
  check_refused(ask(g, callit, GssService::integrity), Rule::rpcbind_builtin,
                Rejection::of(Rejection::Kind::proc_unavail));
  Guest nobody = g;
  nobody.programs.clear();
  Call compound(kNfs, 4, 1);
  check_refused(ask(nobody, compound, GssService::integrity), Rule::program,
                Rejection::of(Rejection::Kind::prog_unavail));
}

TEST_CASE("a guest's principals let in whom one of the patterns matches; without any, everybody [G11, L1]") {
  Guest g = web1();
  CHECK(principal_allowed(g, "mallory@OTHER.ORG"));
  CHECK(principal_allowed(g, ""));
  g.principals = {"*@EXAMPLE.COM", "host/*"};
  CHECK(principal_allowed(g, "alice@EXAMPLE.COM"));
  CHECK(principal_allowed(g, "host/a@OTHER.ORG"));
  CHECK_FALSE(principal_allowed(g, "alice@OTHER.ORG"));
  CHECK_FALSE(principal_allowed(g, "alice@EXAMPLE.COM.evil.org"));
  CHECK_FALSE(principal_allowed(g, "alice@example.com"));
  CHECK_FALSE(principal_allowed(g, ""));
}
