#include "proxy/ctl/doctor/sockets.h"

#include "tests/support/folder.h"

using namespace gatehouse::doctor;

namespace {

constexpr const char* kTcp =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 0100007F:0801 00000000:0000 0A 00000000:00000000 00:00000000 00000000   104        0 21430 1 0000 100 0 0 "
    "10 0\n"
    "   1: 2A00427F:0299 0100007F:0801 01 00000000:00000000 02:0000 00000000   998        0 31337 2 0000 20 4 30 10 "
    "-1\n"
    "   2: 00000000:006F 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1060 1 0000\n";

}  // namespace

TEST_CASE("a line of /proc/net/tcp: address, port, state, user and inode [L4]") {
  const auto list = parse_tcp(kTcp, false);
  REQUIRE(list.size() == 3);
  CHECK(list[0].port == 2049);
  CHECK(list[0].listening);
  CHECK(list[0].uid == 104);
  CHECK(list[0].inode == 21430);
  CHECK(list[0].address[0] == 127);
  CHECK(list[1].port == 665);
  CHECK_FALSE(list[1].listening);
  CHECK(list[1].address[3] == 42);
  CHECK_FALSE(list[1].any_address());
  CHECK(list[2].any_address());
}

TEST_CASE("a line of /proc/net/tcp6 has its address in the order of the network [L4]") {
  const auto list = parse_tcp(
      "   0: 000080FE00000000000000000100000000:0801 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 7 1 0\n"
      "   1: 000080FE000000000000000001000000:0801 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 7 1 0\n",
      true);
  REQUIRE(list.size() == 1);
  CHECK(list[0].address[0] == 0xfe);
  CHECK(list[0].address[1] == 0x80);
  CHECK(list[0].address[15] == 1);
}

TEST_CASE("lines that the kernel would not write are left out [A1]") {
  CHECK(parse_tcp("", false).empty());
  CHECK(parse_tcp("0: 0100007F 0 0A 0 0 0 0 0 0 0 0\n0: 0100007G:0801 0:0 0A 0 0 0 0 0 0\n0: :\n", false).empty());
  CHECK(parse_tcp("0: 0100007F:10801 0:0 0A 0 0 0 0 0 0 0\n", false).empty());
}

TEST_CASE("a unix socket that listens is found by its path, blanks and all, and no other [L4]") {
  constexpr const char* kUnix =
      "Num       RefCount Protocol Flags    Type St Inode Path\n"
      "000000007dce3746: 00000002 00000000 00010000 0001 01  1056 /run/a b.sock\n"
      "00000000c8e63e8b: 00000003 00000000 00000000 0001 03  1057 /run/c.sock\n"
      "00000000c8e63e8c: 00000003 00000000 00010000 0001 01  1058\n";
  CHECK(unix_listener(kUnix, "/run/a b.sock") == 1056U);
  CHECK_FALSE(unix_listener(kUnix, "/run/c.sock"));
  CHECK_FALSE(unix_listener(kUnix, "/run/a"));
  CHECK_FALSE(unix_listener(kUnix, ""));
}

TEST_CASE("who has a socket open is known by its descriptors [L4]") {
  const gatehouse::test::Folder root;
  std::filesystem::create_directories(root.path / "proc/42/fd");
  std::filesystem::create_directories(root.path / "proc/net");
  std::filesystem::create_symlink("socket:[1056]", root.path / "proc/42/fd/7");
  (void)root.write("proc/42/comm", "gatehoused\n");
  const Host host{.root = root.path};
  CHECK(holder_of(host, 1056) == "gatehoused");
  CHECK(holder_of(host, 105).empty());
}
