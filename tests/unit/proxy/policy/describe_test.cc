#include "tests/unit/proxy/policy/fixture.h"

using namespace gatehouse;
using namespace gatehouse::policy;
using gatehouse::test::Call;
using gatehouse::test::web1;

namespace {

std::string said(const Guest& g, const Call& c, std::optional<std::uint32_t> port = 900) {
  return describe(g, c.header(), port, decide(g, c.header(), port));
}

}  // namespace

TEST_CASE("a decision is described with the values that met its rule [L1]") {
  Call nfs(100003, 4, 1), version(100003, 2, 1), program(100021, 4, 1), rpcbind(100000, 4, 1), mnt(100005, 3, 2);
  CHECK(said(web1(), nfs.sys(1000, 100)) ==
        "guest web1: nfs version 4 procedure COMPOUND is granted, ids as the guest claims them");
  CHECK(said(web1(), nfs.sys(0, 0)).find("squash = \"root\"") != std::string::npos);
  CHECK(said(web1(), nfs, 1024) == "guest web1: secure = true and source port 1024 is not below 1024");
  CHECK(said(web1(), version.sys(1, 1)) == "guest web1: nfs version 2 is not granted, only 3 to 4");
  CHECK(said(web1(), program.sys(1, 1)).find("nlockmgr") != std::string::npos);
  CHECK(said(web1(), rpcbind.sys(1, 1)).find("procedure SET is refused by a built-in rule") != std::string::npos);
  CHECK(said(web1(), mnt.sys(1, 1)).find("mountd version 3 procedure DUMP") != std::string::npos);
}

TEST_CASE("refused flavors are described with what the guest may use [V7]") {
  Call none(100003, 4, 1), dh(100003, 4, 1), gss(100003, 4, 1);
  Guest g = web1();
  g.sec = {Sec::sys, Sec::krb5p};
  CHECK(said(g, none.cred(0)) == "guest web1: none is not in sec = [sys, krb5p] for nfs");
  CHECK(said(g, dh.cred(3)).find("flavor 3") != std::string::npos);
  CHECK(said(g, gss.cred(6)) == "guest web1: the credential is malformed");
}

TEST_CASE("calls of principals are described by the flavor of their service, and not by what guests claim [V7]") {
  const auto said_of = [](std::uint32_t service, Rule rule) {
    Call c(100003, 4, 1);
    c.cred(6, {0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, static_cast<std::uint8_t>(service), 0, 0, 0, 0});
    Decision d;
    d.rule = rule;
    return describe(web1(), c.header(), std::nullopt, d);
  };
  CHECK(said_of(1, Rule::sec) == "guest web1: krb5 is not in sec = [sys] for nfs");
  CHECK(said_of(2, Rule::sec) == "guest web1: krb5i is not in sec = [sys] for nfs");
  CHECK(said_of(3, Rule::sec) == "guest web1: krb5p is not in sec = [sys] for nfs");
  CHECK(said_of(9, Rule::sec) == "guest web1: the flavor is not in sec = [sys] for nfs");
  CHECK(said_of(3, Rule::granted) == "guest web1: nfs version 4 procedure COMPOUND is granted, ids of the principal");
  CHECK(said_of(3, Rule::groups) == "guest web1: groups = \"reject\" and the principal has more than 16 groups");
  CHECK(said_of(3, Rule::null_procedure).find("every service of RPCSEC_GSS") != std::string::npos);
  CHECK(said_of(2, Rule::state_operation).find("of state operations alone") != std::string::npos);
}

TEST_CASE("a port below 1024 of a squashing guest, and every other allowed rule, has its own sentence [V5]") {
  Call c(100003, 4, 1), null(100003, 4, 0), probe(100003, 4, 0);
  Guest g = web1();
  g.ids.insecure_action = authunix::InsecureAction::squash;
  CHECK(said(g, c.sys(1, 1), 5000).find("source port 5000") != std::string::npos);
  REQUIRE(g.ids.uid_map.add({0, 9, 100}));
  CHECK(said(g, c.sys(50, 1)).find("no range of the map") != std::string::npos);
  CHECK(said(g, null.cred(0)).find("NULL procedure") != std::string::npos);
  CHECK(said(g, probe.cred(7)).find("AUTH_TLS probe") != std::string::npos);
}

TEST_CASE("every rule has a sentence that begins with the guest [L1]") {
  Call c(100003, 4, 1);
  c.sys(1, 1);
  for (std::size_t i = 0; i < kRuleCount; ++i) {
    Decision d;
    d.rule = static_cast<Rule>(i);
    const std::string text = describe(web1(), c.header(), 2000, d);
    CAPTURE(text);
    CHECK(text.starts_with("guest web1: "));
    CHECK(text.size() > 30);
  }
  Decision groups;
  groups.rule = Rule::groups;
  CHECK(describe(web1(), c.header(), 900, groups).find("more than 16 groups") != std::string::npos);
}

TEST_CASE("flavors are named as exports(5) names them [V7]") {
  for (const Sec s : {Sec::none, Sec::sys, Sec::krb5, Sec::krb5i, Sec::krb5p}) CHECK(parse_sec(sec_name(s)) == s);
  for (const char* wrong : {"", "SYS", "krb", "krb5pp", "unix"}) CHECK_FALSE(parse_sec(wrong));
  CHECK(SecSet{Sec::krb5i}.has_kerberos());
  CHECK_FALSE(SecSet{Sec::sys, Sec::none}.has_kerberos());
  CHECK(SecSet{}.empty());
}
