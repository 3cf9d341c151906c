// Requests of admin clients.
#include "proxy/admin/request.h"

#include "tests/support/catch.h"

using namespace gatehouse::admin;

namespace {

Request good(std::string_view line) {
  const auto r = parse_request(line);
  INFO(line << (r ? "" : ": " + r.error().text));
  REQUIRE(r);
  return *r;
}

void bad(const std::string& line, std::string_view why) {
  const auto r = parse_request(line);
  CAPTURE(line.substr(0, 200));
  REQUIRE_FALSE(r);
  CHECK(r.error().code == Code::bad_request);
  CAPTURE(r.error().text);
  CHECK(r.error().text.find(why) != std::string::npos);
  CHECK(r.error().text.find_first_of("\n\r\x1b\0", 0, 4) == std::string::npos);
}

}  // namespace

TEST_CASE("each command is taken with the keys that it has [L7]") {
  CHECK(good(R"({"command":"status"})").command == Command::status);
  CHECK(good(R"( { "command" : "guests" } )").command == Command::guests);
  CHECK(good(R"({"guest":"web1","command":"sessions"})").guest == "web1");
  CHECK(good(R"({"command":"contexts"})").guest == std::nullopt);
  CHECK(good(R"({"command":"evict","session":18446744073709551615})").session == 18446744073709551615U);
  const Request e = good(R"({"command":"evict","guest":"a","principal":"alice@R"})");
  CHECK((e.guest == "a" && e.principal == "alice@R" && !e.session));
  CHECK(good(R"({"command":"drain","guest":"a","undo":true})").undo);
  CHECK_FALSE(good(R"({"command":"drain"})").guest);
  CHECK(good(R"({"command":"reload"})").command == Command::reload);
  CHECK(good(R"({"command":"log-level","level":"debug"})").level == "debug");
  const Request t = good(R"({"command":"trace","guest":"a","count":5,"for_ms":1000})");
  CHECK((t.count == 5U && t.for_ms == 1000U));
  CHECK(good(R"({"command":"evict","guest":"é\u0041"})").guest == "éA");
}

TEST_CASE("what is no request is refused, and the refusal says why [L7]") {
  bad("", "no JSON");
  bad("status", "no JSON");
  bad("{", "no JSON");
  bad(R"({"command":"status"} x)", "no JSON");
  bad(R"({"command":"status"}{"command":"reload"})", "no JSON");
  bad(R"("status")", "a request is one JSON object");
  bad("7", "a request is one JSON object");
  bad("null", "the request is null");
  bad("[]", "the request is a list");
  bad("{}", "there is no command");
  bad(R"({"guest":"a"})", "there is no command");
  bad(R"({"command":"stop"})", "there is no command stop");
  bad(R"({"command":"st\nop\u001b"})", "there is no command \"st\\x0aop\\x1b\"");
  bad(R"({"command":1})", "command is a number: it takes a string");
  bad(R"({"command":["status"]})", "command is a list");
  bad(R"({"command":"status","command":"reload"})", "command is stated twice");
  bad(R"({"command":"evict","guest":"a","guest":"b"})", "guest is stated twice");
  bad(R"({"command":"evict","gest":"a"})", "there is no key gest");
  bad(R"({"command":"status","guest":"a"})", "status does not take guest");
  bad(R"({"command":"evict","guest":null})", "guest is null");
  bad(R"({"command":"evict","guest":{"a":1}})", "guest is an object");
  bad(R"({"command":"evict","guest":true})", "guest is true or false: it takes a string");
  bad(R"({"command":"evict","session":"7"})", "session is a string: it takes a number");
  bad(R"({"command":"evict","session":-1})", "session is below zero");
  bad(R"({"command":"evict","session":1.5})", "no whole number");
  bad(R"({"command":"evict","session":18446744073709551616})", "no whole number");
  bad(R"({"command":"evict","session":1e999})", "no JSON");
  bad(R"({"command":"trace","guest":"a","count":0})", "state 1 or more");
  bad(R"({"command":"trace","guest":"a","for_ms":0})", "state 1 or more");
  bad(R"({"command":"drain","guest":"a","undo":1})", "undo is a number: it takes true or false");
  bad(R"({"command":"evict"})", "takes a guest, a session or a principal");
  bad(R"({"command":"evict","session":1,"guest":"a"})", "a session alone");
  bad(R"({"command":"drain","undo":true})", "undo takes a guest");
  bad(R"({"command":"trace"})", "trace takes a guest");
}

TEST_CASE("deep nesting, huge numbers and binary are refused without being followed [L7]") {
  for (const char* open : {"[", "{\"a\":", "{\"command\":[", "{\"guest\":{"}) {
    std::string deep;
    while (deep.size() < kMostLine - 10) deep += open;
    CHECK_FALSE(parse_request(deep));
  }
  CHECK_FALSE(parse_request(R"({"command":"evict","session":)" + std::string(60000, '9') + "}"));
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  CHECK_FALSE(parse_request(bytes));
  CHECK_FALSE(parse_request("{\"command\":\"evict\",\"guest\":\"\xff\xfe\"}"));
  CHECK_FALSE(parse_request("{\"command\":\"evict\",\"guest\":\"" + bytes + "\"}"));
  using namespace std::string_view_literals;
  CHECK_FALSE(parse_request("{\"command\":\"status\0\"}"sv));
  CHECK_FALSE(parse_request("{\"command\":\"status\"}\0"sv));
}

TEST_CASE("what shows takes the right to read; what changes, and what shows calls, takes the right to write [L7]") {
  for (const char* line : {R"({"command":"status"})", R"({"command":"guests"})", R"({"command":"sessions"})",
                           R"({"command":"contexts"})", R"({"command":"log-level"})"})
    CHECK(needed(good(line)) == Rights::read);
  for (const char* line : {R"({"command":"evict","session":1})", R"({"command":"drain"})", R"({"command":"reload"})",
                           R"({"command":"log-level","level":"info"})", R"({"command":"trace","guest":"a"})",
                           R"({"command":"drain","guest":"a","undo":true})"})
    CHECK(needed(good(line)) == Rights::write);
}
