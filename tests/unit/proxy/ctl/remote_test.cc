// The subcommands that ask the daemon: what they ask, and what people read.
#include "proxy/ctl/remote.h"

#include <nlohmann/json.hpp>
#include <sstream>

#include "proxy/admin/server.h"
#include "proxy/ctl/tables.h"
#include "tests/support/catch.h"
#include "tests/support/folder.h"
#include "tests/unit/proxy/admin/fake_control.h"

using namespace gatehouse;
using namespace gatehouse::ctl;
using Json = nlohmann::ordered_json;

namespace {

std::string line(Remote r) {
  const RequestLine out = request_line(r);
  return out.wrong.empty() ? out.text : "wrong: " + out.wrong;
}

struct Said {
  int status;
  std::string out, err;
};
Said said(const Remote& r) {
  std::ostringstream out, err;
  const int status = run(r, out, err);
  return {status, out.str(), err.str()};
}

bool has(const std::string& text, std::string_view part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("what is typed becomes one request, and what is wrong with it is found without a daemon [T7]") {
  CHECK(line({.command = "status"}) == "{\"command\":\"status\"}\n");
  CHECK(line({.command = "sessions", .guest = "web1"}) == "{\"command\":\"sessions\",\"guest\":\"web1\"}\n");
  CHECK(line({.command = "evict", .session = "17"}) == "{\"command\":\"evict\",\"session\":17}\n");
  CHECK(line({.command = "drain", .guest = "a", .undo = true}) ==
        "{\"command\":\"drain\",\"guest\":\"a\",\"undo\":true}\n");
  CHECK(line({.command = "trace", .guest = "a", .count = "3", .time = "5s"}) ==
        "{\"command\":\"trace\",\"guest\":\"a\",\"count\":3,\"for_ms\":5000}\n");
  CHECK(line({.command = "evict"}) == "wrong: evict takes a guest, a session or a principal");
  CHECK(line({.command = "evict", .session = "0x10"}) == "wrong: --session is \"0x10\": write a decimal number");
  CHECK(line({.command = "evict", .session = ""}) == "wrong: --session is \"\": write a decimal number");
  CHECK(line({.command = "trace", .guest = "a", .time = "5"}) ==
        "wrong: --for is \"5\": write a time with its unit, for example 30s or 5min");
  CHECK(line({.command = "trace", .guest = "a", .time = "0s"}) == "wrong: for_ms is 0: state 1 or more");
  CHECK(has(line({.command = "evict", .guest = std::string(70000, 'x')}), "wrong: what is asked for is longer"));
}

TEST_CASE("a guest that is stated and empty is not the daemon: it is not drained by a slip of a script [T7]") {
  CHECK(line({.command = "drain"}) == "{\"command\":\"drain\"}\n");
  CHECK(line({.command = "drain", .guest = ""}) == "{\"command\":\"drain\",\"guest\":\"\"}\n");
}

TEST_CASE("where no daemon is, it is said where it was looked for, with status 3 [T7]") {
  test::Folder folder;
  const std::string nowhere = (folder.path / "none.sock").string();
  const Said s = said({.command = "status", .socket = nowhere});
  CHECK(s.status == 3);
  CHECK(has(s.err, nowhere + ": No such file or directory: no gatehoused listens there"));
  CHECK(s.out.empty());
  const Said j = said({.command = "status", .socket = nowhere, .json = true});
  CHECK(j.status == 3);
  CHECK(has(Json::parse(j.out).at("error").get<std::string>(), nowhere));
  CHECK(said({.command = "status", .socket = std::string(200, 'x')}).status == 2);
}

TEST_CASE("the socket is the configuration's as far as it can be read, else the default [T7]") {
  test::Folder folder;
  const std::string stated = (folder.path / "a.sock").string();
  // With an error elsewhere, as while somebody edits it.
  const auto conf =
      folder.write("gatehouse.conf", "[admin]\nsocket = \"" + stated + "\"\n[gateway]\nworkers = \"x\"\n");
  CHECK(has(said({.command = "status", .config = conf}).err, stated));
  CHECK(has(said({.command = "status", .config = folder.path / "none.conf"}).err, "/run/gatehouse/admin.sock"));
  const auto broken = folder.write("broken.conf", "[admin\n");
  CHECK(has(said({.command = "status", .config = broken}).err, "/run/gatehouse/admin.sock"));
  const auto off = folder.write("off.conf", "[admin]\nsocket = \"\"\n");
  CHECK(said({.command = "status", .config = off}).status == 3);
  CHECK(has(said({.command = "status", .config = off}).err, "says [admin] socket = \"\""));
}

TEST_CASE("what the daemon answers becomes text, JSON and an exit status [T7]") {
  test::Folder folder;
  test::FakeControl control;
  config::Admin where;
  where.socket = (folder.path / "s").string();
  auto server = admin::Server::start(*admin::open_socket(where), {}, control);
  REQUIRE(server);
  const auto ask = [&](Remote r) {
    r.socket = where.socket;
    return said(r);
  };
  CHECK(ask({.command = "evict", .guest = "web1"}).out == "closed 2 connections, retired 3 contexts\n");
  CHECK(Json::parse(ask({.command = "evict", .json = true, .guest = "web1"}).out) ==
        Json{{"connections", 2}, {"contexts", 3}});
  CHECK(ask({.command = "log-level"}).out == "info\n");
  CHECK(has(ask({.command = "guests"}).out, "GUEST  IDENTITY"));
  CHECK(Json::parse(ask({.command = "guests", .json = true}).out).at("guests").size() == 3);
  CHECK(Json::parse(ask({.command = "sessions", .json = true}).out).at("sessions").empty());
  CHECK(ask({.command = "drain", .guest = "a", .undo = true}).out == "a may connect again\n");
  CHECK(has(ask({.command = "drain"}).out, "gatehoused ends: 1 connection"));
  const Said none = ask({.command = "contexts", .guest = "x"});
  CHECK((none.status == 1 && none.err == "gatehousectl: there is no guest x\n"));
  const Said j = ask({.command = "contexts", .json = true, .guest = "x"});
  CHECK((j.status == 1 && Json::parse(j.out).at("code") == "not-found"));
}

TEST_CASE("what a peer chose moves no cursor of who looks at it [L7]") {
  CHECK(shown("alice@R") == "alice@R");
  CHECK(shown("a\x1b[2Jb\nc\x7f") == "a\\x1b[2Jb\\x0ac\\x7f");
  CHECK(shown("\xc2\x9b"
              "2J") == "\\xc2\\x9b2J");
  CHECK(shown("h\xc3\xa9") == "h\xc3\xa9");
  const std::string table = contexts_text({Json{{"guest", "web1"}, {"principal", "a\x1b[1mb@R"}}});
  CHECK(has(table, "a\\x1b[1mb@R"));
  CHECK(table.find('\x1b') == std::string::npos);
}

TEST_CASE("sizes and times are short, tables stand in columns, and what is missing is a dash [T7]") {
  CHECK(bytes_text(0) == "0");
  CHECK(bytes_text(1023) == "1023");
  CHECK(bytes_text(1536) == "1.5K");
  CHECK(bytes_text(UINT64_MAX) == "16.0E");
  CHECK(age_text(999) == "0s");
  CHECK(age_text(62000) == "1m02s");
  CHECK(age_text(3 * 3600 * 1000 + 5 * 60000) == "3h05m");
  CHECK(age_text(std::uint64_t{49} * 3600 * 1000) == "2d01h");
  CHECK(clock_text(0) == "1970-01-01T00:00:00Z");
  CHECK(guests_text({}) == "GUEST  IDENTITY  SOURCE  TRUSTED  CONNS  IN-FLIGHT  CONTEXTS  CALLS  REFUSED\n");
  const std::string two =
      sessions_text({Json{{"id", 7}, {"guest", "a"}, {"flavors", {"sys", "krb5"}}}, Json{{"id", 1234}}});
  CHECK(has(two, "   7  a      -"));
  CHECK(has(two, "1234  -      -"));
  CHECK(has(two, "sys,krb5"));
  CHECK(trace_text(Json{{"dropped", 3}}) == "... 3 calls not shown\n");
}
