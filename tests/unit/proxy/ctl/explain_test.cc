#include "proxy/ctl/explain.h"

#include "proxy/ctl/report.h"
#include "tests/unit/proxy/config/fixture.h"

using namespace gatehouse;
using namespace gatehouse::test;
using ctl::Answer;
using ctl::Question;

namespace {

const std::string kText = R"([[listener]]
name = "a"
address = "vsock:any:2049"
[[listener]]
name = "b"
address = "vsock:any:2050"
[[listener]]
name = "fc1"
address = "hybrid:/run/fc1:2049"
[[backend]]
name = "nfs"
address = "tcp:127.0.0.1:2049"
programs = ["nfs:3-4"]
[[backend]]
name = "rpcbind"
address = "unix:/run/rpcbind.sock"
programs = ["rpcbind:2-4"]
[[guest]]
name = "web1"
uuid = "6b1b3c5e-98f2-4c0e-8e0e-1f2a3b4c5d6e"
cid = 42
backends = ["nfs", "rpcbind"]
[[guest]]
name = "here"
cid = 50
listener = "a"
backends = ["nfs"]
[[guest]]
name = "there"
cid = 50
listener = "b"
[[guest]]
name = "micro"
listener = "fc1"
backends = ["nfs"]
)";

Question question(const std::string& guest, std::optional<std::uint32_t> port = 900) {
  Question q;
  q.guest = guest;
  q.port = port;
  q.claim.uid = 1000;
  q.claim.gid = 100;
  q.claim.program = "nfs";
  q.claim.version = 4;
  q.claim.procedure = "compound";
  return q;
}
Question by_cid(std::uint32_t cid, const std::string& listener = "") {
  Question q = question("");
  q.cid = cid;
  q.listener = listener;
  return q;
}
Answer answer(const Question& q) {
  const auto a = ctl::explain(good(kText), q);
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

}  // namespace

TEST_CASE("an allowed call is explained with the credential that the backend sees [L1]") {
  Question q = question("web1");
  q.claim.uid = 0;
  q.claim.gid = 0;
  q.claim.gids = {0, 5};
  const Answer a = answer(q);
  CHECK(a.allowed);
  CHECK(a.rule == "squash");
  CHECK(a.guest == "web1");
  CHECK(a.uuid == "6b1b3c5e-98f2-4c0e-8e0e-1f2a3b4c5d6e");
  CHECK(a.backend == "nfs");
  CHECK(a.backend_address == "tcp:127.0.0.1:2049");
  CHECK(a.source_address == "127.121.50.165");
  REQUIRE(a.credential);
  CHECK(a.credential->flavor == "sys");
  CHECK(a.credential->machine == "web1");
  CHECK(a.credential->uid == 65534);
  CHECK(a.credential->gids == std::vector<std::uint32_t>{65534, 5});
  CHECK(a.reply.empty());
  CHECK(a.warnings.empty());
}

TEST_CASE("a refused call is explained with the rule and the reply [L1, V5]") {
  const Answer a = answer(question("web1", 1024));
  CHECK_FALSE(a.allowed);
  CHECK(a.rule == "secure");
  CHECK(a.reply == "AUTH_TOOWEAK");
  CHECK_FALSE(a.credential);
  CHECK(a.backend.empty());
}

TEST_CASE("without a port an unprivileged one is taken, and said [V5]") {
  const Answer a = answer(question("web1", std::nullopt));
  CHECK(a.rule == "secure");
  REQUIRE(a.warnings.size() == 1);
  CHECK(contains(a.warnings[0], "65535"));
}

TEST_CASE("a guest without ports is decided without one, and a port given is ignored and said [V5, A3]") {
  CHECK(answer(question("micro", std::nullopt)).allowed);
  CHECK(answer(question("micro", std::nullopt)).warnings.empty());
  const Answer a = answer(question("micro", 40000));
  CHECK(a.allowed);
  REQUIRE(a.warnings.size() == 1);
  CHECK(contains(a.warnings[0], "--port is ignored"));
}

TEST_CASE("a CID is the guest that the daemon would take it for [V6, L1]") {
  CHECK(answer(by_cid(42)).guest == "web1");
  CHECK(answer(by_cid(50, "a")).guest == "here");
  CHECK(answer(by_cid(50, "b")).guest == "there");
  CHECK(contains(error(by_cid(50)), "say which with --listener"));
  CHECK(contains(error(by_cid(50, "c")), "there is no listener \"c\""));
  CHECK(contains(error(by_cid(50, "fc1")), "no vsock peers"));
}

TEST_CASE("a CID of no guest is refused, as its connection would be [V6, L8]") {
  for (const std::uint32_t cid : {43U, 0U, 1U, 2U, 0xffffffffU}) {
    const Answer a = answer(by_cid(cid));
    CHECK_FALSE(a.allowed);
    CHECK(a.rule == "no-guest");
    CHECK(a.guest.empty());
    CHECK(a.reply.empty());
  }
}

TEST_CASE("more than 16 groups are as malformed as on the wire [P11]") {
  Question q = question("web1");
  q.claim.gids.assign(16, 7);
  CHECK(answer(q).allowed);
  for (const std::size_t n : {17U, 200U}) {
    q.claim.gids.assign(n, 7);
    const Answer a = answer(q);
    CHECK_FALSE(a.allowed);
    CHECK(a.rule == "bad-credential");
    CHECK(a.reply == "AUTH_BADCRED");
  }
}

TEST_CASE("every flavor can be asked for [V7, P12]") {
  Question q = question("web1");
  for (const auto& [sec, rule, reply] :
       std::vector<std::tuple<std::string, std::string, std::string>>{{"none", "sec", "AUTH_TOOWEAK"},
                                                                      {"short", "unknown-flavor", "AUTH_REJECTEDCRED"},
                                                                      {"dh", "unknown-flavor", "AUTH_REJECTEDCRED"}}) {
    q.claim.sec = sec;
    const Answer a = answer(q);
    CHECK(a.rule == rule);
    CHECK(a.reply == reply);
  }
  q.claim.sec = "tls";
  q.claim.procedure = "null";
  CHECK(answer(q).allowed);
  CHECK(answer(q).reply == "SUCCESS");
  CHECK_FALSE(answer(q).credential);
  q.claim.sec = "none";
  REQUIRE(answer(q).credential);
  CHECK(answer(q).credential->flavor == "none");
}

TEST_CASE("programs and procedures go by name or number [L1]") {
  Question q = question("web1");
  q.claim.program = "100000";
  q.claim.version = 2;
  q.claim.procedure = "callit";
  CHECK(answer(q).rule == "rpcbind-builtin");
  CHECK(answer(q).call == "rpcbind version 2 procedure CALLIT");
  q.claim.procedure = "3";
  CHECK(answer(q).allowed);
  CHECK(answer(q).source_address.empty());
}

TEST_CASE("of a listener with rpcbind it is told what is answered there [V2, P8]") {
  const config::Config c = good(kText + "[[listener]]\nname = \"r\"\naddress = \"vsock:any:111\"\nrpcbind = true\n");
  const auto ask = [&](const std::string& program, const std::string& procedure) {
    Question q = by_cid(42, "r");
    q.claim.program = program;
    q.claim.procedure = procedure;
    return *ctl::explain(c, q);
  };
  CHECK(ask("rpcbind", "dump").allowed);
  CHECK(ask("rpcbind", "dump").reply == "SUCCESS");
  CHECK(ask("rpcbind", "dump").rule == "rpcbind");
  CHECK(ask("rpcbind", "dump").backend.empty());
  CHECK(ask("rpcbind", "set").rule == "rpcbind-builtin");
  CHECK(ask("rpcbind", "getstat").reply == "PROC_UNAVAIL");
  CHECK(ask("nfs", "null").reply == "PROG_UNAVAIL");
}

TEST_CASE("words of the question that mean nothing are errors that name them") {
  CHECK(contains(error(question("wep1")), "did you mean \"web1\"?"));
  Question q = question("web1");
  q.claim.program = "nfsd";
  CHECK(contains(error(q), "--program is \"nfsd\""));
  q = question("web1");
  q.claim.procedure = "getattr";
  CHECK(contains(error(q), "nfs version 4 does not have"));
  q = question("web1");
  q.claim.sec = "sis";
  CHECK(contains(error(q), "--sec is \"sis\""));
}

TEST_CASE("numbers of the command line are decimal, lists have commas") {
  CHECK(ctl::parse_number("--uid", "4294967295") == 4294967295U);
  for (const char* wrong : {"", "-1", "+1", "0x1", "4294967296", "1 "})
    CHECK(contains(ctl::parse_number("--uid", wrong).error(), "--uid is"));
  CHECK(ctl::parse_numbers("--gids", "0,5,4294967295")->size() == 3);
  CHECK(ctl::parse_numbers("--gids", "")->empty());
  for (const char* wrong : {",", "1,", "1,,2", "a", "1, 2"}) CHECK_FALSE(ctl::parse_numbers("--gids", wrong));
}

TEST_CASE("an answer is shown for people with its rule, reason and credential [L1]") {
  const std::string text = ctl::text(answer(question("web1")));
  for (const char* part :
       {"allowed: nfs version 4 procedure COMPOUND\n", "  guest       web1 (6b1b3c5e", "  rule        granted\n",
        "AUTH_SYS machine=web1 uid=1000 gid=100 gids=[]", "nfs (tcp:127.0.0.1:2049) from 127.121.50.165"}) {
    CAPTURE(text, part);
    CHECK(contains(text, part));
  }
  CHECK(contains(ctl::text(answer(by_cid(9))), "refused"));
}

TEST_CASE("an allowed call of NFS or MOUNT is shown with what is changed in its messages [L1, T3]") {
  const std::string text =
      "[[listener]]\nname = \"v\"\naddress = \"vsock:any:1\"\n[[backend]]\nname = \"b\"\naddress = \"unix:/b\"\n"
      "programs = [\"nfs:3-4\", \"mountd:3\", \"300000:1\"]\n[defaults]\nbackends = [\"b\"]\n";
  const std::string guests =
      "[[guest]]\nname = \"a\"\ncid = 5\nro = true\nfilehandles = \"bound\"\nmount_paths = [\"/a\", \"/b\"]\n"
      "[[guest]]\nname = \"b\"\ncid = 6\n";
  const auto rules = [&](const char* name, const char* program, std::uint32_t version, const char* procedure) {
    Question q = question(name);
    q.claim.program = program;
    q.claim.version = version;
    q.claim.procedure = procedure;
    return ctl::explain(good(text + guests), q)->nfs;
  };
  using Words = std::vector<std::string>;
  const std::string ro = "read-only: what changes something is answered ROFS";
  CHECK(rules("a", "nfs", 4, "compound") == Words{"state ids bound", "client owners bound", "no callback addresses",
                                                  "unknown operations refused", "file handles bound", ro});
  CHECK(rules("b", "nfs", 3, "read") == Words{"file handles plain"});
  CHECK(rules("a", "mountd", 3, "mnt") == Words{"file handles bound", "mounts of /a", "mounts of /b"});
  CHECK(rules("a", "300000", 1, "1").empty());
  Question q = question("a");
  CHECK(contains(ctl::text(*ctl::explain(good(text + guests), q)),
                 "\n  nfs         state ids bound, client owners bound,"));
  CHECK(contains(ctl::json(*ctl::explain(good(text + guests), q)), "\"nfs\": [\n    \"state ids bound\","));
}

TEST_CASE("JSON has decision, rule, reason, credential, backend, reply, guest and warnings [L1]") {
  const std::string allowed = ctl::json(answer(question("web1")));
  for (const char* part : {"\"decision\": \"allowed\"", "\"rule\": \"granted\"",
                           "\"reason\": \"guest web1: ", "\"credential\": {", "\"machine\": \"web1\"",
                           "\"backend\": \"nfs\"", "\"reply\": null", "\"guest\": \"web1\"", "\"warnings\": []"}) {
    CAPTURE(allowed, part);
    CHECK(contains(allowed, part));
  }
  const std::string refused = ctl::json(answer(by_cid(9)));
  for (const char* part : {"\"decision\": \"refused\"", "\"rule\": \"no-guest\"", "\"credential\": null",
                           "\"guest\": null", "\"backend\": null"})
    CHECK(contains(refused, part));
}

TEST_CASE("errors are JSON too, whatever bytes a file's name has [T6]") {
  const std::vector<config::Problem> problems = {{"f\xff", 1, 2, "wrong \"x\""}};
  const std::string json = ctl::json_error("the configuration has 1 error", problems);
  CHECK(contains(json, "\"error\": \"the configuration has 1 error\""));
  CHECK(contains(json, "\"line\": 1"));
  CHECK(contains(json, "\"text\": \"wrong \\\"x\\\"\""));
  CHECK(contains(json, "f\xef\xbf\xbd"));
  CHECK(contains(ctl::json_check(good(kText)), "\"guests\": 4"));
  CHECK(contains(ctl::json_check(good("[[principal]]\nmatch = \"*\"\nmap = \"deny\"\n")), "\"principal_rules\": 1"));
}
