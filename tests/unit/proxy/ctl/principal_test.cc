// explain for Kerberos principals. Rules with ids and accounts of every system: what auth_to_local says is the business
// of the integration tests.
#include "proxy/ctl/report.h"
#include "tests/unit/proxy/config/fixture.h"

using namespace gatehouse;
using namespace gatehouse::test;
using ctl::Answer;
using ctl::Question;

namespace {

const std::string kText = R"([[listener]]
name = "v"
address = "vsock:any:2049"
[[backend]]
name = "nfs"
address = "tcp:127.0.0.1:2049"
programs = ["nfs:3-4"]
[[backend]]
name = "mountd"
address = "tcp:127.0.0.1:20048"
programs = ["mountd:3"]
[[principal]]
match = "host/*"
map = { uid = 65534, gid = 65534 }
[[principal]]
match = "alice@*"
map = { uid = 1000, gid = 100, groups = [5, 6] }
[[principal]]
match = "member@R"
map = { uid = 1001, gid = 100, groups = [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35] }
[[principal]]
match = "admin@R"
map = "root"
[[principal]]
match = "intern@R"
map = "deny"
[[principal]]
match = "ghost@R"
map = "no-such-account-on-any-host"
[[guest]]
name = "web1"
cid = 42
backends = ["nfs", "mountd"]
sec = ["krb5p"]
sec_by_program = { mountd = ["sys"] }
[[guest]]
name = "strict"
cid = 43
backends = ["nfs"]
sec = ["sys", "krb5"]
groups = "reject"
principals = ["*@R", "host/*@S"]
[[guest]]
name = "bare"
cid = 44
backends = ["nfs"]
squash = "all"
groups = "primary"
[[guest]]
name = "old"
cid = 45
backends = ["nfs"]
sec = ["sys"]
)";

Question question(const std::string& guest, const std::string& principal, const std::string& sec = "krb5p") {
  Question q;
  q.guest = guest;
  q.claim.principal = principal;
  q.claim.sec = sec;
  q.claim.program = "nfs";
  q.claim.version = 4;
  q.claim.procedure = "compound";
  return q;
}
Answer answer(const Question& q, const std::string& more = "") {
  const auto a = ctl::explain(good(kText + more), q);
  if (!a) FAIL(a.error());
  return *a;
}
std::string error(const Question& q) {
  const auto a = ctl::explain(good(kText), q);
  return a ? "" : a.error();
}
bool contains(const std::string& s, const std::string& part) {
  return s.find(part) != std::string::npos;
}
void check_refused(const Answer& a, const std::string& rule, const std::string& reply, const std::string& reason) {
  CAPTURE(a.reason);
  CHECK_FALSE(a.allowed);
  CHECK(a.rule == rule);
  CHECK(a.reply == reply);
  CHECK(a.reason == reason);
  CHECK_FALSE(a.credential);
  CHECK(a.backend.empty());
}

}  // namespace

TEST_CASE("a principal's call is explained from its rule to the credential that the backend sees [L1, G7]") {
  const Answer a = answer(question("web1", "alice@R"));
  CHECK(a.allowed);
  CHECK(a.rule == "granted");
  CHECK(a.principal == "alice@R");
  CHECK(a.mapping == "[[principal]] rule 2 (\"alice@*\") gives uid 1000, gid 100, 2 groups");
  CHECK(a.account == gss::Ids{1000, 100, {5, 6}});
  CHECK(a.ids == "squash = \"root\" leaves them; groups = \"first16\" sends 2 groups");
  CHECK(a.principals.empty());
  CHECK(a.sec == std::vector<std::string>{"krb5p"});
  CHECK(a.backend == "nfs");
  REQUIRE(a.credential);
  CHECK(a.credential->uid == 1000);
  CHECK(a.credential->gids == std::vector<std::uint32_t>{5, 6});
  CHECK(a.warnings.empty());
}

TEST_CASE(
    "somebody without an account, somebody denied and somebody who is not listed are nobody, each for its reason "
    "[L1]") {
  check_refused(answer(question("web1", "ghost@R")), "no-account", "GSS_S_UNAUTHORIZED",
                "guest web1: ghost@R is nobody here: no [[principal]] rule gives it ids, and it has no local account");
  CHECK(contains(answer(question("web1", "ghost@R")).mapping, "rule 6 (\"ghost@R\") gives"));
  CHECK(contains(answer(question("web1", "ghost@R")).mapping, "there is none"));
  CHECK_FALSE(answer(question("web1", "ghost@R")).account);
  check_refused(answer(question("web1", "intern@R")), "principal", "GSS_S_UNAUTHORIZED",
                "guest web1: a [[principal]] rule denies intern@R");
  CHECK(answer(question("web1", "intern@R")).mapping == "[[principal]] rule 5 (\"intern@R\") denies");
  const Answer a = answer(question("strict", "alice@OTHER", "krb5"));
  check_refused(a, "principal", "GSS_S_UNAUTHORIZED",
                "guest strict: alice@OTHER is not in principals = [\"*@R\", \"host/*@S\"]");
  CHECK(a.account);  // who it would be is shown all the same
  CHECK(a.principals == std::vector<std::string>{"*@R", "host/*@S"});
}

TEST_CASE("what squash and the guest's rule for group lists make of a principal is said [G7, T1]") {
  Answer a = answer(question("web1", "member@R"));
  CHECK(a.ids == "squash = \"root\" leaves them; groups = \"first16\" sends the first 16 of 35 groups");
  CHECK(a.credential->gids.size() == 16);
  CHECK(a.account->groups.size() == 35);
  a = answer(question("strict", "member@R", "krb5"));
  check_refused(a, "groups", "AUTH_TOOWEAK",
                "guest strict: groups = \"reject\" and the principal has more than 16 groups");
  CHECK(a.ids == "squash = \"root\" leaves them; groups = \"reject\" refuses a list of 35 groups");
  CHECK(contains(answer(question("strict", "alice@R", "krb5")).ids, "groups = \"reject\" sends 2 groups"));
  a = answer(question("bare", "member@R"));
  CHECK(a.rule == "squash");
  CHECK(a.ids == "squash = \"all\" makes everybody anonymous; groups = \"primary\" sends none of 35 groups");
  CHECK(a.credential->uid == 65534);
  CHECK(a.credential->gids.empty());
  a = answer(question("web1", "admin@R"));
  CHECK(a.rule == "squash");
  CHECK(a.account->uid == 0);
  CHECK(contains(a.mapping, "rule 4 (\"admin@R\") gives \"root\"; account root: uid 0"));
  CHECK(contains(a.ids, "squash = \"root\" makes id 0 anonymous"));
  CHECK(a.credential->uid == 65534);
}

TEST_CASE("a flavor that is not listed is refused, and where the call's arguments would decide that is said [V7]") {
  check_refused(answer(question("web1", "alice@R", "krb5")), "sec", "AUTH_TOOWEAK",
                "guest web1: krb5 is not in sec = [krb5p] for nfs");
  check_refused(
      answer(question("web1", "host/a@R", "krb5i")), "sec", "AUTH_TOOWEAK",
      "guest web1: krb5i is not in sec = [krb5p] for nfs; a COMPOUND of state operations alone is taken: Linux "
      "sends these with krb5i, as its machine's principal");
  Question q = question("web1", "host/a@R", "krb5i");
  q.claim.procedure = "null";
  CHECK(answer(q).rule == "null-procedure");
  CHECK(answer(q).allowed);
  q = question("web1", "alice@R");
  q.claim.program = "mountd";
  q.claim.version = 3;
  q.claim.procedure = "mnt";
  check_refused(answer(q), "sec", "AUTH_TOOWEAK", "guest web1: krb5p is not in sec = [sys] for mountd");
  CHECK(answer(q).sec == std::vector<std::string>{"sys"});
}

TEST_CASE("where no context could be made for the program, the principal is not what it fails by [V7, L1]") {
  check_refused(answer(question("old", "ghost@R")), "sec", "AUTH_TOOWEAK",
                "guest old: krb5p is not in sec = [sys] for nfs");
  Question q = question("web1", "ghost@R");
  q.claim.program = "nlockmgr";
  q.claim.procedure = "1";
  CHECK(answer(q).rule == "program");
  CHECK(answer(q).reply == "PROG_UNAVAIL");
  q = question("web1", "alice@R");
  q.claim.version = 2;
  q.claim.procedure = "1";
  CHECK(answer(q).rule == "version");
}

TEST_CASE("Kerberos flavors need a principal, a principal needs one of them, and a realm") {
  for (const char* sec : {"krb5", "krb5i", "krb5p"})
    CHECK(contains(error(question("web1", "", sec)),
                   std::string("--sec ") + sec + " needs --principal: say who calls, for example"));
  for (const char* sec : {"sys", "none", "tls", "dh"})
    CHECK(contains(error(question("web1", "alice@R", sec)), "--principal goes with --sec krb5, krb5i or krb5p"));
  for (const char* principal : {"alice", "alice@", "@R", "@"})
    CHECK(contains(error(question("web1", principal)), "write it with its realm"));
  CHECK(error(question("web1", "host/a@b@R")).empty());
}

TEST_CASE("with gssproxy it is said that gssproxy may see other accounts, unless a rule decides") {
  const std::string gssproxy = "[kerberos]\nacceptor = \"gssproxy\"\n";
  CHECK(answer(question("web1", "alice@R"), gssproxy).warnings.empty());
  const Answer a = answer(question("web1", "nobody-by-that-name@R"), gssproxy);
  REQUIRE(a.warnings.size() == 1);
  CHECK(contains(a.warnings[0], "gssproxy maps principals in its own process"));
  CHECK_FALSE(a.allowed);
}

TEST_CASE("a source port given for a principal is ignored, and said") {
  Question q = question("web1", "alice@R");
  q.port = 40000;
  const Answer a = answer(q);
  CHECK(a.allowed);
  REQUIRE(a.warnings.size() == 1);
  CHECK(contains(a.warnings[0], "--port is ignored"));
}

TEST_CASE("an answer about a principal is shown with all that decided [L1]") {
  const std::string text = ctl::text(answer(question("strict", "alice@R", "krb5")));
  for (const char* part :
       {"allowed: nfs version 4 procedure COMPOUND\n", "  principal   alice@R\n",
        "  mapping     [[principal]] rule 2 (\"alice@*\") gives", "  account     uid=1000 gid=100 groups=[5,6]\n",
        "  ids         squash = \"root\" leaves them; groups", "  principals  *@R, host/*@S\n",
        "  sec         sys, krb5\n", "AUTH_SYS machine=strict uid=1000 gid=100 gids=[5,6]"}) {
    CAPTURE(text, part);
    CHECK(contains(text, part));
  }
  CHECK(contains(ctl::text(answer(question("web1", "alice@R"))), "  principals  all that map to ids\n"));
  CHECK(contains(ctl::text(answer(question("web1", "member@R"))), ",31,32] and 3 more\n"));
}

TEST_CASE("JSON has principal, mapping, account, ids, principals and sec, null where there is none [L1]") {
  const std::string known = ctl::json(answer(question("strict", "alice@R", "krb5")));
  for (const char* part : {"\"principal\": \"alice@R\"", "\"mapping\": \"[[principal]] rule 2", "\"account\": {",
                           "\"groups\": [\n      5,\n      6\n    ]", "\"ids\": \"squash", "\"*@R\"", "\"krb5\""}) {
    CAPTURE(known, part);
    CHECK(contains(known, part));
  }
  CHECK(contains(ctl::json(answer(question("web1", "ghost@R"))), "\"account\": null"));
  Question sys = question("old", "", "sys");
  for (const char* part : {"\"principal\": null", "\"mapping\": null", "\"account\": null", "\"ids\": null",
                           "\"principals\": null", "\"sys\""})
    CHECK(contains(ctl::json(answer(sys)), part));
}
