#include "proxy/ctl/doctor/exports.h"

#include <array>

#include "tests/support/catch.h"

using namespace gatehouse::doctor;
using gatehouse::rpc::XdrWriter;

namespace {

constexpr std::array<std::uint8_t, 4> kGuest = {127, 66, 0, 42};

Match match(std::string_view spec) {
  return Client(spec).match(kGuest);
}

std::vector<std::uint8_t> words(std::initializer_list<std::uint32_t> list) {
  std::vector<std::uint8_t> out(4 * list.size());
  XdrWriter w{std::span(out)};
  for (const std::uint32_t word : list) w.u32(word);
  return out;
}

}  // namespace

TEST_CASE("addresses and networks of exports match as exports(5) says [L4]") {
  for (const char* spec : {"*", "127.66.0.42", "127.66.0.42/32", "127.66.0.0/24", "127.66.0.99/24", "127.0.0.0/8",
                           "0.0.0.0/0", "127.66.0.0/255.255.0.0", "127.66.0.42/255.255.255.255"}) {
    INFO(spec);
    CHECK(match(spec) == Match::yes);
  }
  for (const char* spec :
       {"127.66.0.43", "127.66.1.0/24", "127.66.0.0/27", "127.67.0.0/255.255.0.0", "127.66.0.42/33", "127.66.0.42/x",
        "127.66.0.42/", "127.66.0.42/255.255.0", "::1", "fe80::/10", "gss/krb5p", ""}) {
    INFO(spec);
    CHECK(match(spec) == Match::no);
  }
}

TEST_CASE("names, patterns and netgroups may match: the server's look-ups decide [L4]") {
  for (const char* spec : {"@trusted", "web1.example.com", "*.example.com", "127.66.0.*", "localhost"}) {
    INFO(spec);
    CHECK(match(spec) == Match::perhaps);
  }
}

TEST_CASE("an export admits what one of its clients is, for sure before perhaps [L4]") {
  const Export e{"/srv", {Client("@g"), Client("127.66.0.42"), Client("10.0.0.1")}};
  CHECK(admits(e, kGuest) == Match::yes);
  CHECK(admits(e, {127, 66, 0, 43}) == Match::perhaps);
  CHECK(admits({"/srv", {Client("10.0.0.1")}}, kGuest) == Match::no);
  CHECK(admits({"/srv", {}}, kGuest) == Match::no);
}

TEST_CASE("etab is read as exportfs writes it [L4]") {
  const auto list = parse_etab(
      "/srv/a\t127.66.0.42(rw,sync,wdelay,hide,nocrossmnt,secure,root_squash,sec=sys,secure,root_squash)\n"
      "/srv/a\t127.66.0.43(ro,sync,insecure,no_root_squash,sec=sys)\n"
      "/srv/with\\040blank\t*(ro,secure)\n");
  REQUIRE(list.size() == 2);
  CHECK(list[0].path == "/srv/a");
  REQUIRE(list[0].clients.size() == 2);
  CHECK(list[0].clients[0].spec() == "127.66.0.42");
  CHECK_FALSE(list[0].clients[0].insecure());
  CHECK(list[0].clients[1].insecure());
  CHECK(list[1].path == "/srv/with blank");
  CHECK(list[1].clients[0].spec() == "*");
}

TEST_CASE("lines of etab that exportfs would not write are left out [A1]") {
  CHECK(parse_etab("").empty());
  CHECK(parse_etab("\n\n# remark\n/srv\n/srv \n/srv 1.2.3.4\n/srv (rw)\n/srv 1.2.3.4(rw\nsrv 1.2.3.4(rw)\n").empty());
  CHECK(parse_etab("/srv\\04 1.2.3.4()")[0].path == "/srv\\04");
  CHECK_FALSE(parse_etab("/srv 1.2.3.4(no_insecure,insecure_locks)")[0].clients[0].insecure());
}

TEST_CASE("MOUNT's list of exports: groups, and none for everybody [L4]") {
  std::array<std::uint8_t, 128> bytes{};
  XdrWriter w(bytes);
  w.u32(1);
  w.text("/srv/a");
  for (const char* group : {"127.66.0.42", "@g"}) {
    w.u32(1);
    w.text(group);
  }
  w.u32(0);
  w.u32(1);
  w.text("/srv/b");
  w.u32(0);
  w.u32(0);
  REQUIRE(w.ok());
  const auto list = parse_mount_exports(w.written());
  REQUIRE(list);
  REQUIRE(list->size() == 2);
  CHECK((*list)[0].clients.size() == 2);
  CHECK((*list)[1].clients.at(0).spec() == "*");
  for (std::size_t n = 0; n < w.size(); ++n) CHECK_FALSE(parse_mount_exports(w.written().first(n)));
}

TEST_CASE("lists of exports that lie are malformed [A1]") {
  CHECK(parse_mount_exports(words({0})).value().empty());
  CHECK_FALSE(parse_mount_exports({}));
  CHECK_FALSE(parse_mount_exports(words({0, 0})));
  CHECK_FALSE(parse_mount_exports(words({2})));
  CHECK_FALSE(parse_mount_exports(words({1, 0xffffffff, 0, 0})));
  CHECK_FALSE(parse_mount_exports(words({1, 0, 2, 0})));
  CHECK_FALSE(parse_mount_exports(words({1, 0, 1, 256, 0, 0})));
}

TEST_CASE("a port in the kernel's list makes the server knfsd [L4]") {
  CHECK(listens_in_portlist("rdma 20049\ntcp 2049\ntcp 2049\n", 2049));
  CHECK_FALSE(listens_in_portlist("udp 2049\ntcp 20490\n", 2049));
  CHECK_FALSE(listens_in_portlist("", 2049));
}
