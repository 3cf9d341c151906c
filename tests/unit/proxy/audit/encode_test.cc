#include "proxy/audit/encode.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "proxy/audit/events.h"
#include "proxy/audit/log.h"
#include "proxy/audit/sink.h"
#include "tests/support/catch.h"

using namespace gatehouse;
using namespace gatehouse::audit;
using nlohmann::json;

namespace {

constexpr std::int64_t kTime = 1'700'000'000'012'345;  // 2023-11-14T22:13:20.012345Z

const std::string kUuid = "6a2f4c7e-0f4b-4a2e-9d0c-1c2f3a4b5c6d";

net::Peer vsock(std::uint32_t cid, std::uint32_t port) {
  net::Peer out;
  out.transport = net::Transport::vsock;
  out.cid = cid;
  out.port = port;
  return out;
}

rpc::CallHeader getattr() {
  rpc::CallHeader out;
  out.program = 100003;
  out.version = 3;
  out.procedure = 1;
  out.cred.flavor = 1;
  return out;
}

json written(Event e, const Source* guest) {
  e.time_us = kTime;
  const Line line = encode(e, guest);
  CHECK(line.json.find('\n') == std::string::npos);
  return json::parse(line.json);
}

std::string file(const char* path) {
  std::ifstream in(std::string(GATEHOUSE_SOURCE_DIR) + path);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

}  // namespace

TEST_CASE("a call that a rule refuses says whose it was, what it asked and which rule [L6]") {
  const Source web1("web1", kUuid, 1);
  policy::Decision d;
  d.rule = policy::Rule::secure;
  d.rejection = rpc::Rejection::auth(rpc::AuthStat::tooweak);
  d.claimed_uid = 0;
  const json out = written(call_refused(vsock(42, 4000), getattr(), d, "", "port 4000 is above 1023"), &web1);
  CHECK(out == json{{"time", "2023-11-14T22:13:20.012345Z"},
                    {"event", "call-refused"},
                    {"guest", "web1"},
                    {"uuid", kUuid},
                    {"peer", "vsock:42:4000"},
                    {"cid", 42},
                    {"port", 4000},
                    {"program", "nfs"},
                    {"version", 3},
                    {"procedure", "GETATTR"},
                    {"flavor", 1},
                    {"rule", "secure"},
                    {"reply", "AUTH_TOOWEAK"},
                    {"claimed_uid", 0},
                    {"detail", "port 4000 is above 1023"}});
}

TEST_CASE("a context that is made says by whom it is, and until when [L6]") {
  const Source web1("web1", "", 1);
  const gss::Identity alice{"alice@EXAMPLE.COM", {1000, 100, {4, 27}}};
  const json out = written(context_made(vsock(42, 700), alice, "keytab", 1'700'003'600), &web1);
  CHECK(out["principal"] == "alice@EXAMPLE.COM");
  CHECK(out["uid"] == 1000);
  CHECK(out["gid"] == 100);
  CHECK(out["gids"] == json{4, 27});
  CHECK(out["acceptor"] == "keytab");
  CHECK(out["until"] == "2023-11-14T23:13:20.000000Z");
  CHECK_FALSE(out.contains("gids_total"));
  CHECK_FALSE(out.contains("uuid"));
}

TEST_CASE("of very many groups the first are written, and how many there are [L6]") {
  gss::Identity many{"alice@EXAMPLE.COM", {1000, 100, std::vector<std::uint32_t>(500, 7)}};
  const json out = written(context_made(vsock(42, 700), many, "keytab", 0), nullptr);
  CHECK(out["gids"].size() == 16);
  CHECK(out["gids_total"] == 500);
}

TEST_CASE("an administrative act says who did it and what came of it [L7]") {
  Event e;
  e.kind = Kind::admin;
  e.word = act_word(Act::log_level);
  e.by = Asker{1000, 77};
  e.result = "refused";
  e.detail = "level=debug";
  CHECK(written(e, nullptr) == json{{"time", "2023-11-14T22:13:20.012345Z"},
                                    {"event", "admin"},
                                    {"act", "log-level"},
                                    {"uid", 1000},
                                    {"pid", 77},
                                    {"result", "refused"},
                                    {"detail", "level=debug"}});
}

TEST_CASE("whatever a peer calls itself, the line stays one line of JSON in ASCII [L6, P11]") {
  std::string bytes;
  for (int c = 0; c < 256; ++c) bytes += static_cast<char>(c);
  for (const std::string& name :
       {std::string("a\n{\"event\":\"admin\"}"), std::string("\",\"guest\":\"web2"), std::string("\\"), bytes,
        std::string("\xc3"), std::string("\xe2\x80\xae") + "evil", std::string("\x1b[2J"), std::string(10000, '"')}) {
    const gss::Identity who{name, {}};
    const Line line = encode(context_made(vsock(42, 700), who, "keytab", 0), nullptr);
    for (const char c : line.json) REQUIRE((c >= ' ' && c <= '~'));
    const json out = json::parse(line.json);
    CHECK(out["event"] == "context-made");
    CHECK_FALSE(out.contains("guest"));
    CHECK(out["principal"].get<std::string>().size() <= 3 * 256);
  }
}

TEST_CASE("a name of valid UTF-8 can be read back as it was [L6]") {
  const gss::Identity who{"m\xc3\xbcller\t\"x\\y\"@EXAMPLE.COM", {}};
  CHECK(json::parse(encode(context_made(vsock(42, 700), who, "keytab", 0), nullptr).json)["principal"] ==
        who.principal);
}

TEST_CASE("no line is longer than a pipe takes whole [L6]") {
  const Source longest(std::string(255, 'g'), kUuid, 1);
  Event e = call_refused(vsock(0xffffffffU, 0xffffffffU), getattr(), "insecure-squash-and-more",
                         "a-finding-of-some-length", "RPCSEC_GSS_CREDPROBLEM");
  e.peer->uid = 0xffffffffU;
  e.claimed_uid = 0xffffffffU;
  e.principal = std::string(1000, '\x01');
  e.detail = std::string(1000, '\xff');
  e.ids = Ids{0xffffffffU, 0xffffffffU, {}, 1000};
  e.ids->groups.fill(0xffffffffU);
  // With its newline, and with one before it where the line before was cut off.
  CHECK(encode(e, &longest).json.size() + 2 <= kMaxLine);
}

TEST_CASE("the journal's fields are the same by their own names [L6]") {
  CHECK(journal_name("guest") == "GUEST");
  CHECK(journal_name("cid") == "CID");
  CHECK(journal_name("principal") == "PRINCIPAL");
  CHECK(journal_name("rule") == "RULE");
  CHECK(journal_name("peer") == "PEER");
  CHECK(journal_name("event") == "GATEHOUSE_EVENT");
  CHECK(journal_name("claimed_uid") == "GATEHOUSE_CLAIMED_UID");
}

TEST_CASE("every event and every act is in the document and in the schema [L6]") {
  const std::string document = file("/docs/operations/audit.md");
  const json schema = json::parse(file("/conf/audit.schema.json"));
  for (std::size_t i = 0; i < kKinds; ++i) {
    const std::string word(kind_word(static_cast<Kind>(i)));
    INFO(word);
    CHECK(document.find("\n### `" + word + "`\n") != std::string::npos);
    CHECK(schema["$defs"].contains(word));
  }
  CHECK(schema["oneOf"].size() == kKinds);
  const json acts = schema["$defs"]["admin"]["properties"]["act"]["enum"];
  CHECK(acts.size() == kActs);
  for (std::size_t i = 0; i < kActs; ++i) CHECK(std::ranges::count(acts, act_word(static_cast<Act>(i))) == 1);
}
