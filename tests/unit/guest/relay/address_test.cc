#include "guest/relay/address.h"

#include "tests/support/catch.h"

using namespace gatehouse::guest;

TEST_CASE("the relay listens on loopback addresses and unix sockets") {
  for (const auto& [text, shown] : {std::pair{"127.0.0.1:2049", "tcp:127.0.0.1:2049"},
                                    {"tcp:127.0.0.1:1", "tcp:127.0.0.1:1"},
                                    {"127.9.8.7:65535", "tcp:127.9.8.7:65535"},
                                    {"[::1]:2049", "tcp:[::1]:2049"},
                                    {"unix:/run/a b.sock", "unix:/run/a b.sock"}}) {
    INFO(text);
    const auto address = parse_local(text);
    REQUIRE(address);
    CHECK(format(*address) == shown);
  }
}

TEST_CASE("the relay listens nowhere that another machine could reach, and the error says why") {
  for (const char* text :
       {"0.0.0.0:2049", "10.0.0.1:2049", "128.0.0.1:2049", "[::]:2049", "[fe80::1%eth0]:2049",
        "[::ffff:127.0.0.1]:2049", "vsock:any:2049", "hybrid:/run/v.sock:1", "systemd:x", "localhost:2049", "127.0.0.1",
        "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:2049 ", ":2049", ""}) {
    INFO(text);
    const auto address = parse_local(text);
    REQUIRE_FALSE(address);
    CHECK(address.error().find("speaks as this virtual machine") != std::string::npos);
  }
  CHECK_FALSE(parse_local("unix:relative"));
}

TEST_CASE("the relay goes to a vsock address with a CID, or to a unix socket") {
  CHECK(format(parse_upstream("vsock:2:2049").value()) == "vsock:2:2049");
  CHECK(format(parse_upstream("vsock:4294967294:4294967294").value()) == "vsock:4294967294:4294967294");
  CHECK(format(parse_upstream("unix:/x").value()) == "unix:/x");
  for (const char* text : {"vsock:any:2049", "vsock:4294967295:2049", "vsock:2", "vsock:2:0", "vsock:-1:1",
                           "127.0.0.1:1", "tcp:127.0.0.1:2049", "hybrid:/x:1", "systemd:x", "unix:x", ""}) {
    INFO(text);
    CHECK_FALSE(parse_upstream(text));
  }
}
