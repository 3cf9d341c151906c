#include "proxy/rpcbind/uaddr.h"

#include <cstring>

#include "proxy/net/vsock_address.h"
#include "tests/support/catch.h"

using namespace gatehouse::rpcbind;

TEST_CASE("a vsock uaddr is two plain decimal numbers with a dot between [V1]") {
  CHECK(parse_vsock_uaddr("3.2049") == VsockUaddr{3, 2049});
  CHECK(parse_vsock_uaddr("4294967295.1") == VsockUaddr{4294967295U, 1});
  CHECK(parse_vsock_uaddr("0.0") == VsockUaddr{0, 0});
  CHECK(parse_vsock_uaddr("2.4294967295") == VsockUaddr{2, 4294967295U});
}

TEST_CASE("what is not quite a vsock uaddr is none [V1]") {
  for (const char* text : {"",
                           ".",
                           "2",
                           "2.",
                           ".2049",
                           "2.2049.",
                           "2.2049.1",
                           "+2.2049",
                           "2.+2049",
                           "-2.2049",
                           " 2.2049",
                           "2.2049 ",
                           "2 .2049",
                           "02.2049",
                           "2.02049",
                           "00.1",
                           "0x2.2049",
                           "2.0x801",
                           "4294967296.1",
                           "2.4294967296",
                           "2,2049",
                           "a.b",
                           "127.0.0.1.8.1",
                           "::1.8.1",
                           "2.20a9",
                           "2.2049\n"})
    CHECK_FALSE(parse_vsock_uaddr(text));
  CHECK_FALSE(parse_vsock_uaddr(std::string_view("2.2049\0", 7)));
}

TEST_CASE("a vsock uaddr that is written reads as itself [V1]") {
  for (const std::uint32_t cid : {0U, 1U, 2U, 3U, 65536U, 4294967294U, 4294967295U})
    for (const std::uint32_t port : {0U, 1U, 111U, 2049U, 65535U, 65536U, 4294967295U}) {
      const VsockUaddr a{cid, port};
      CHECK(parse_vsock_uaddr(format_vsock_uaddr(a).view()) == a);
    }
  CHECK(format_vsock_uaddr({2, 2049}).view() == "2.2049");
}

TEST_CASE("an internet uaddr ends with the two octets of its port [V2]") {
  CHECK(format_inet_uaddr("127.0.0.1", 2049).view() == "127.0.0.1.8.1");
  CHECK(format_inet_uaddr("fe80::1", 111).view() == "fe80::1.0.111");
  CHECK(format_inet_uaddr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535).view() ==
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff.255.255");
}

TEST_CASE("what does not fit a text is left out") {
  const std::string longer(100, 'x');
  CHECK(format_inet_uaddr(longer, 1).view() == std::string(64, 'x'));
}

TEST_CASE("a vsock transport address is the kernel's struct, and reads back [V1]") {
  const Taddr taddr = vsock_taddr({7, 70000});
  const sockaddr_vm sa = gatehouse::net::vsock_sockaddr(7, 70000);
  REQUIRE(taddr.size() == sizeof sa);
  CHECK(std::memcmp(taddr.data(), &sa, sizeof sa) == 0);
  CHECK(parse_vsock_taddr(taddr) == VsockUaddr{7, 70000});
}

TEST_CASE("bytes that are no vsock transport address are none [V1]") {
  const Taddr good = vsock_taddr({7, 1});
  for (std::size_t n = 0; n < good.size(); ++n) CHECK_FALSE(parse_vsock_taddr({good.data(), n}));
  std::array<std::uint8_t, 17> longer{};
  std::memcpy(longer.data(), good.data(), good.size());
  CHECK_FALSE(parse_vsock_taddr(longer));
  Taddr other = good;
  other[0] = other[1] = 0;
  other[0] = AF_INET;
  CHECK_FALSE(parse_vsock_taddr(other));
}
