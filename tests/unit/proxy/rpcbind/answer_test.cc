// What the three versions of rpcbind answer from a view.
#include "tests/unit/proxy/rpcbind/ask.h"

using namespace gatehouse;
using namespace gatehouse::test;
using rpcbind::Netid;
using rpcbind::Outcome;
using rpcbind::View;

TEST_CASE("NULL has no results, in every version [V2]") {
  for (const std::uint32_t version : {2U, 3U, 4U}) {
    const Said said = ask(over_vsock(), version, 0);
    CHECK(said.outcome == Outcome::answered);
    CHECK(said.results.empty());
  }
}

TEST_CASE("GETADDR of vsockc, of its alias vsock and of no netid is the address of the host [V2]") {
  for (const std::uint32_t version : {3U, 4U})
    for (const char* netid : {"vsockc", "vsock", ""}) {
      CHECK(ask(over_vsock(), version, kGetaddr, rpcb(kNfsProgram, 4, netid)).text() == "2.2049");
      CHECK(ask(over_vsock(), version, kGetaddr, rpcb(100000, 4, netid)).text() == "2.111");
    }
}

TEST_CASE("GETADDR of tcp over vsock is where the relay in the machine listens [V2]") {
  CHECK(ask(over_vsock(), 4, kGetaddr, rpcb(kNfsProgram, 4, "tcp")).text() == "127.0.0.1.8.1");
  CHECK(ask(over_vsock(), 3, kGetaddr, rpcb(kMountProgram, 3, "tcp")).text() == "127.0.0.1.78.80");
  View far(Netid::vsockc);
  far.add({kNfsProgram, 4, 4}, {Netid::vsockc, "2.70000", 70000});
  CHECK(ask(far, 4, kGetaddr, rpcb(kNfsProgram, 4, "tcp")).text().empty());
  CHECK(ask(far, 4, kGetaddr, rpcb(kNfsProgram, 4, "vsockc")).text() == "2.70000");
}

TEST_CASE("GETADDR of netids that nothing here serves is the empty string [V2, V10]") {
  for (const char* netid : {"vsockd", "udp", "udp6", "tcp6", "local", "rdma", "TCP", "vsockc ", "ticlts"})
    CHECK(ask(over_vsock(), 4, kGetaddr, rpcb(kNfsProgram, 4, netid)).text().empty());
}

TEST_CASE("what the guest may not use has no address and no port [V2]") {
  CHECK(ask(over_vsock(), 4, kGetaddr, rpcb(100021, 4, "vsockc")).text().empty());
  CHECK(ask(over_vsock(), 4, kGetversaddr, rpcb(100021, 4, "tcp")).text().empty());
  CHECK(ask(over_vsock(), 4, kGetaddrlist, rpcb(100021, 4, "tcp")).number() == 0);
  CHECK(ask(over_vsock(), 2, 3, mapping(100021, 4, 6)).number() == 0);
  CHECK(ask(View(Netid::vsockc), 4, kGetaddr, rpcb(100000, 4, "")).text().empty());
}

TEST_CASE("GETADDR and GETPORT of a version that is not there lead to another, GETVERSADDR does not [V2]") {
  CHECK(ask(over_vsock(), 4, kGetaddr, rpcb(kNfsProgram, 2, "vsockc")).text() == "2.2049");
  CHECK(ask(over_vsock(), 2, 3, mapping(kNfsProgram, 2, 6)).number() == 2049);
  CHECK(ask(over_vsock(), 4, kGetversaddr, rpcb(kNfsProgram, 2, "vsockc")).text().empty());
  CHECK(ask(over_vsock(), 4, kGetversaddr, rpcb(kNfsProgram, 3, "vsockc")).text() == "2.2049");
  View two(Netid::vsockc);
  two.add({7, 1, 1}, {Netid::vsockc, "2.1001", 1001});
  two.add({7, 5, 9}, {Netid::vsockc, "2.1005", 1005});
  CHECK(ask(two, 4, kGetaddr, rpcb(7, 9, "vsockc")).text() == "2.1005");
  CHECK(ask(two, 4, kGetaddr, rpcb(7, 3, "vsockc")).text() == "2.1001");
  CHECK(ask(two, 2, 3, mapping(7, 5, 6)).number() == 1005);
}

TEST_CASE("GETPORT of version 2 has the port for TCP and nothing for UDP [V2]") {
  CHECK(ask(over_vsock(), 2, 3, mapping(kNfsProgram, 3, 6)).number() == 2049);
  CHECK(ask(over_vsock(), 2, 3, mapping(kNfsProgram, 3, 17)).number() == 0);
  CHECK(ask(over_vsock(), 2, 3, mapping(kNfsProgram, 3, 0)).number() == 0);
}

TEST_CASE("ports that version 2 cannot say are not said [V2]") {
  View v(Netid::local);
  v.add({kNfsProgram, 3, 3}, {Netid::local, "/run/x.sock", 0});
  v.add({kNfsProgram, 3, 3}, {Netid::vsockc, "2.65536", 65536});
  CHECK(ask(v, 2, 3, mapping(kNfsProgram, 3, 6)).number() == 0);
  CHECK(dump_2(v).empty());
  v.add({kNfsProgram, 3, 3}, {Netid::tcp, "127.0.0.1.255.255", 65535});
  CHECK(ask(v, 2, 3, mapping(kNfsProgram, 3, 6)).number() == 65535);
  CHECK(dump_2(v).size() == 1);
}

TEST_CASE("DUMP of versions 3 and 4 lists every version with netid and address [V2, V10]") {
  for (const std::uint32_t version : {3U, 4U})
    CHECK(dump(over_vsock(), version) == std::vector<Listed>{{100000, 2, "vsockc", "2.111", "gatehouse"},
                                                             {100000, 3, "vsockc", "2.111", "gatehouse"},
                                                             {100000, 4, "vsockc", "2.111", "gatehouse"},
                                                             {kNfsProgram, 3, "vsockc", "2.2049", "gatehouse"},
                                                             {kNfsProgram, 4, "vsockc", "2.2049", "gatehouse"},
                                                             {kMountProgram, 3, "vsockc", "2.20048", "gatehouse"}});
}

TEST_CASE("DUMP of version 2 lists each port once, as TCP's [V2]") {
  View v(Netid::vsockc);
  v.add({kNfsProgram, 3, 4}, {Netid::vsockc, "2.2049", 2049});
  v.add({kNfsProgram, 3, 4}, {Netid::tcp, "127.0.0.1.8.1", 2049});
  v.add({kNfsProgram, 3, 4}, {Netid::tcp, "127.0.0.1.8.2", 2050});
  CHECK(dump_2(v) == std::vector<std::array<std::uint32_t, 4>>{{kNfsProgram, 3, 6, 2049},
                                                               {kNfsProgram, 4, 6, 2049},
                                                               {kNfsProgram, 3, 6, 2050},
                                                               {kNfsProgram, 4, 6, 2050}});
  CHECK(dump(v, 4).size() == 6);
}

TEST_CASE("GETADDRLIST has every address of the version, with its transport's words [V2]") {
  View v(Netid::vsockc);
  v.add({7, 1, 2}, {Netid::vsockc, "2.1001", 1001});
  v.add({7, 2, 2}, {Netid::tcp, "127.0.0.1.3.233", 1001});
  v.add({7, 1, 1}, {Netid::tcp6, "fe80::1.3.233", 1001});
  v.add({7, 2, 2}, {Netid::tcp6, "fe80::1.3.234", 1002});
  v.add({7, 2, 2}, {Netid::local, "/run/x", 0});
  const auto entry = [](std::string_view address, std::string_view netid, std::string_view family,
                        std::string_view protocol) {
    return join({words({1}), string(address), string(netid), words({3}), string(family), string(protocol)});
  };
  CHECK(ask(v, 4, kGetaddrlist, rpcb(7, 2, "whatever")).results ==
        join({entry("2.1001", "vsockc", "vsock", "-"), entry("127.0.0.1.3.233", "tcp", "inet", "tcp"),
              entry("fe80::1.3.234", "tcp6", "inet6", "tcp"), entry("/run/x", "local", "loopback", "-"), words({0})}));
}

TEST_CASE("GETADDR over TCP and unix sockets names addresses of the kind that is asked for [V2]") {
  View tap(Netid::tcp6);
  tap.add({kNfsProgram, 4, 4}, {Netid::tcp6, "fe80::1.8.1", 2049});
  CHECK(ask(tap, 4, kGetaddr, rpcb(kNfsProgram, 4, "")).text() == "fe80::1.8.1");
  CHECK(ask(tap, 4, kGetaddr, rpcb(kNfsProgram, 4, "tcp6")).text() == "fe80::1.8.1");
  CHECK(ask(tap, 4, kGetaddr, rpcb(kNfsProgram, 4, "tcp")).text().empty());
  CHECK(ask(tap, 4, kGetaddr, rpcb(kNfsProgram, 4, "vsockc")).text().empty());
  View local(Netid::local);
  local.add({kNfsProgram, 4, 4}, {Netid::local, "/run/nfs.sock", 0});
  CHECK(ask(local, 4, kGetaddr, rpcb(kNfsProgram, 4, "local")).text() == "/run/nfs.sock");
  View tcp(Netid::tcp);
  tcp.add({kNfsProgram, 4, 4}, {Netid::tcp, "127.0.0.1.8.1", 2049});
  CHECK(ask(tcp, 4, kGetaddr, rpcb(kNfsProgram, 4, "tcp")).text() == "127.0.0.1.8.1");
}

TEST_CASE("GETTIME is the time that was given [V2]") {
  CHECK(ask(over_vsock(), 3, kGettime).number() == kNow);
  CHECK(ask(over_vsock(), 4, kGettime).number() == kNow);
}

TEST_CASE("UADDR2TADDR gives the kernel's address, and TADDR2UADDR takes it back [V1, V2]") {
  for (const std::uint32_t version : {3U, 4U}) {
    const Said taddr = ask(over_vsock(), version, kUaddr2taddr, string("2.2049"));
    REQUIRE(taddr.results.size() == 4 + 4 + 16);
    CHECK(ask(over_vsock(), version, kTaddr2uaddr, taddr.results).text() == "2.2049");
  }
}

TEST_CASE("addresses of other kinds have no vsock form [V1]") {
  for (const char* text : {"127.0.0.1.8.1", "", "2.", "02.1", "2.4294967296"})
    CHECK(ask(over_vsock(), 4, kUaddr2taddr, string(text)).results == words({0, 0}));
  CHECK(ask(over_vsock(), 4, kTaddr2uaddr, words({0, 0})).text().empty());
  CHECK(ask(over_vsock(), 4, kTaddr2uaddr, words({16, 16, 0x02000801, 0x7f000001, 0, 0})).text().empty());
}
