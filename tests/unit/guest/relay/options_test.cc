#include "guest/relay/options.h"

#include <vector>

#include "tests/support/catch.h"

using namespace gatehouse::guest;

namespace {

std::expected<Options, std::string> parse(std::vector<std::string> words) {
  std::vector<char*> pointers;
  for (auto& word : words) pointers.push_back(word.data());
  return parse_options(pointers);
}

}  // namespace

TEST_CASE("gatehouse-guest takes its options with a blank or an equals sign") {
  const auto a = parse({"--listen", "127.0.0.1:2049", "--to", "vsock:2:2049", "--max-connections", "9", "--syslog"});
  REQUIRE(a);
  CHECK(a->what == Options::Do::run);
  CHECK(format(a->listen.value()) == "tcp:127.0.0.1:2049");
  CHECK(format(a->to) == "vsock:2:2049");
  CHECK(a->max_connections == 9);
  CHECK(a->syslog);
  const auto b = parse({"--to=unix:/x=y", "--exit-when-unused=/run/l"});
  REQUIRE(b);
  CHECK(format(b->to) == "unix:/x=y");
  CHECK(b->in_use_lock == "/run/l");
  CHECK_FALSE(b->listen);
  CHECK(b->max_connections == kDefaultConnections);
  CHECK(parse({"--help"})->what == Options::Do::help);
  CHECK(parse({"--to", "unix:/x", "--version"})->what == Options::Do::version);
}

TEST_CASE("gatehouse-guest refuses words it does not know, and says which") {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{}, "--to is missing"},
      {{"--to"}, "--to needs a value"},
      {{"--frobnicate", "--to", "unix:/x"}, "unknown option \"--frobnicate\""},
      {{"unix:/x"}, "unknown option"},
      {{"--to", "unix:/x", "--max-connections", "0"}, "no number of connections"},
      {{"--to", "unix:/x", "--max-connections", "1x"}, "no number of connections"},
      {{"--to", "unix:/x", "--max-connections", "100001"}, "write 1 to 100000"},
      {{"--to", "unix:/x", "--listen", "10.0.0.1:1"}, "--listen: \"10.0.0.1:1\" is no loopback address"},
      {{"--to", "unix:/x", "--exit-when-unused", "x"}, "not an absolute path"},
  };
  for (const auto& [words, what] : cases) {
    const auto options = parse(words);
    INFO(what);
    REQUIRE_FALSE(options);
    CHECK(options.error().find(what) != std::string::npos);
  }
}
