#include "proxy/net/address.h"

#include <arpa/inet.h>

#include "tests/support/catch.h"

using namespace gatehouse::net;

namespace {

std::string listen_error(std::string_view text) {
  const auto a = parse_listen_address(text);
  return a ? "" : a.error();
}
std::string backend_error(std::string_view text) {
  const auto a = parse_backend_address(text);
  return a ? "" : a.error();
}
bool contains(const std::string& s, std::string_view part) {
  return s.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("addresses to listen on are read, and written as they were [A2, A3]") {
  for (const char* text :
       {"vsock:any:2049", "vsock:2:2049", "vsock:4294967294:4294967294", "vsock:0:1", "hybrid:/run/vm/v.sock:2049",
        "hybrid:/run/a:b/v.sock:1", "unix:/run/x.sock", "unix:/run/a:b", "tcp:127.0.0.1:2049", "tcp:127.255.0.9:65535",
        "tcp:[::1]:2049", "tcp:[fe80::1%tap0]:2049", "tcp:[febf::2%br-0.5]:1", "systemd:gatehouse-nfs"}) {
    CAPTURE(text);
    const auto a = parse_listen_address(text);
    REQUIRE(a);
    CHECK(format(*a) == text);
  }
}

TEST_CASE("backend addresses are read, and written as they were") {
  for (const char* text :
       {"unix:/run/rpcbind.sock", "tcp:127.0.0.1:2049", "tcp:192.0.2.7:2049", "tcp:[2001:db8::1]:2049",
        "tcp:[fe80::1%eth0]:1", "vsock:42:700", "vsock:1:1", "hybrid:/run/v.sock:700", "hybrid:/run/a:b/v.sock:1"}) {
    const auto a = parse_backend_address(text);
    REQUIRE(a);
    CHECK(format(*a) == text);
  }
}

TEST_CASE("the parts of an address are what was written") {
  const auto vsock = std::get<VsockAddress>(*parse_listen_address("vsock:any:2049"));
  CHECK_FALSE(vsock.cid);
  CHECK(vsock.port == 2049);
  CHECK(std::get<VsockAddress>(*parse_listen_address("vsock:2:2049")).cid == 2U);
  const auto hybrid = std::get<HybridAddress>(*parse_listen_address("hybrid:/run/v.sock:2049"));
  CHECK(hybrid.socket_path() == "/run/v.sock_2049");
  const auto tcp = std::get<TcpAddress>(*parse_listen_address("tcp:[fe80::1%tap0]:2049"));
  CHECK(tcp.interface == "tap0");
  CHECK(tcp.link_local());
  CHECK_FALSE(tcp.loopback());
  CHECK(std::get<in_addr>(std::get<TcpAddress>(*parse_backend_address("tcp:192.0.2.7:1")).host).s_addr ==
        inet_addr("192.0.2.7"));
}

TEST_CASE("CIDs and ports are plain decimals within their range [V1]") {
  for (const char* wrong :
       {"vsock:+2:2049", "vsock: 2:2049", "vsock:0x2:2049", "vsock::2049", "vsock:2:", "vsock:02:2049", "vsock:2:02049",
        "vsock:4294967295:2049", "vsock:4294967296:1", "vsock:2:0", "vsock:2:4294967295", "vsock:2:3:2049",
        "vsock:2049", "vsock:-1:2049", "vsock:ANY:2049", "vsock:2:2049 "}) {
    CAPTURE(wrong);
    CHECK_FALSE(listen_error(wrong).empty());
    CHECK_FALSE(backend_error(wrong).empty());
  }
  for (const char* wrong : {"tcp:127.0.0.1:0", "tcp:127.0.0.1:65536", "tcp:127.0.0.1:", "tcp:127.0.0.1",
                            "tcp:127.0.0.1:080", "tcp::2049", "tcp:127.0.0.1:+1"}) {
    CAPTURE(wrong);
    CHECK_FALSE(listen_error(wrong).empty());
    CHECK_FALSE(backend_error(wrong).empty());
  }
}

TEST_CASE("datagram vsock is refused with the reason [V10]") {
  CHECK(contains(listen_error("vsockd:any:2049"), "datagram"));
}

TEST_CASE("a TCP listener that could be spoofed is refused [A2, L3]") {
  for (const char* wrong : {"tcp:0.0.0.0:2049", "tcp:192.0.2.1:2049", "tcp:[::]:2049", "tcp:[2001:db8::1]:2049"}) {
    CAPTURE(wrong);
    CHECK(contains(listen_error(wrong), "pose as a guest"));
  }
  CHECK(contains(listen_error("tcp:[fe80::1]:2049"), "%tap0"));
  CHECK(contains(listen_error("tcp:[::1%lo]:2049"), "not a link-local address"));
  CHECK(contains(listen_error("tcp:[::ffff:127.0.0.1]:2049"), "IPv4 written as IPv6"));
}

TEST_CASE("names and half addresses are no addresses") {
  for (const char* wrong : {"tcp:localhost:2049", "tcp:127.1:2049", "tcp:[fe80::1%tap0:2049", "tcp:fe80::1%tap0:2049",
                            "tcp:[]:1", "tcp:[fe80::1%]:1", "tcp:[fe80::1%averyveryverylong]:1", "tcp:[fe80::1%a/b]:1",
                            "udp:127.0.0.1:1", "127.0.0.1:2049", "", ":", "systemd:", "systemd:a:b"}) {
    CAPTURE(wrong);
    CHECK_FALSE(listen_error(wrong).empty());
  }
  CHECK_FALSE(listen_error(std::string_view("tcp:127.0.0.1\0x:2049", 20)).empty());
  CHECK(contains(backend_error("udp:127.0.0.1:1"), "begins with unix:, tcp:, vsock: or hybrid:"));
  CHECK(contains(backend_error("vsock:any:700"), "names no machine"));
  for (const char* wrong :
       {"tcp:0.0.0.0:1", "tcp:224.0.0.1:1", "tcp:255.255.255.255:1", "tcp:[::]:1", "tcp:[ff02::1]:1", "systemd:x"}) {
    CAPTURE(wrong);
    CHECK_FALSE(backend_error(wrong).empty());
  }
}

TEST_CASE("a unix path is absolute and fits a socket's name, a hybrid one with its port [A3]") {
  CHECK(contains(listen_error("unix:run/x.sock"), "absolute"));
  CHECK(contains(listen_error("unix:"), "absolute"));
  CHECK(contains(listen_error("unix:/run/"), "folder"));
  CHECK(contains(listen_error("unix:/run/a\nb"), "control"));
  const std::string longest = "/" + std::string(106, 'x');
  CHECK(parse_listen_address("unix:" + longest));
  CHECK(parse_backend_address("unix:" + longest));
  CHECK(contains(listen_error("unix:" + longest + "x"), "108 bytes"));
  CHECK_FALSE(backend_error("unix:" + longest + "x").empty());
  CHECK(parse_listen_address("hybrid:/" + std::string(101, 'x') + ":2049"));
  CHECK_FALSE(listen_error("hybrid:/" + std::string(102, 'x') + ":2049").empty());
  CHECK_FALSE(backend_error("hybrid:/" + std::string(103, 'x') + ":700").empty());
  CHECK_FALSE(listen_error("hybrid:/run/v.sock").empty());
  CHECK_FALSE(listen_error("hybrid:/run/v.sock:0").empty());
}

TEST_CASE("which listeners know their peers' source ports [V5]") {
  CHECK(source_port_known(*parse_listen_address("vsock:any:1")) == std::optional(true));
  CHECK(source_port_known(*parse_listen_address("tcp:127.0.0.1:1")) == std::optional(true));
  CHECK(source_port_known(*parse_listen_address("unix:/x")) == std::optional(false));
  CHECK(source_port_known(*parse_listen_address("hybrid:/x:1")) == std::optional(false));
  CHECK(source_port_known(*parse_listen_address("systemd:x")) == std::nullopt);
}
