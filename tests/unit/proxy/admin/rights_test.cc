// Who may ask what.
#include "proxy/admin/rights.h"

#include <sys/socket.h>
#include <unistd.h>

#include "proxy/net/fd.h"
#include "tests/support/catch.h"

using namespace gatehouse;
using namespace gatehouse::admin;

namespace {

constexpr std::uint32_t kDaemon = 500;
const Access kGroups{10, 20};

}  // namespace

TEST_CASE("root, the daemon's user and members of the group may do everything, members of the other may read [L7]") {
  CHECK(rights_of({0, 7, 1}, {}, kDaemon) == Rights::write);
  CHECK(rights_of({kDaemon, 7, 1}, {}, kDaemon) == Rights::write);
  CHECK(rights_of({1000, 10, 1}, kGroups, kDaemon) == Rights::write);
  CHECK(rights_of({1000, 7, 1, {1, 2, 10}}, kGroups, kDaemon) == Rights::write);
  CHECK(rights_of({1000, 20, 1}, kGroups, kDaemon) == Rights::read);
  CHECK(rights_of({1000, 7, 1, {20}}, kGroups, kDaemon) == Rights::read);
  CHECK(rights_of({1000, 20, 1, {10}}, kGroups, kDaemon) == Rights::write);
}

TEST_CASE("anybody else may do nothing, and where no group is stated no group may [L7]") {
  CHECK(rights_of({1000, 7, 1, {8, 9, 0}}, kGroups, kDaemon) == Rights::none);
  CHECK(rights_of({1000, 10, 1, {20}}, {}, kDaemon) == Rights::none);
  CHECK(rights_of({1000, 0, 1, {0}}, {}, kDaemon) == Rights::none);
  CHECK(rights_of({1000, 0, 1}, {std::nullopt, 20}, kDaemon) == Rights::none);
  CHECK(rights_of({4294967294, 65534, 1, {65534}}, kGroups, kDaemon) == Rights::none);
}

TEST_CASE("the kernel says who connected, with all its groups [L7]") {
  int pair[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  const net::UniqueFd a(pair[0]), b(pair[1]);
  const auto who = credentials_of(a.get());
  REQUIRE(who);
  CHECK(who->uid == ::geteuid());
  CHECK(who->gid == ::getegid());
  CHECK(who->pid == ::getpid());
  std::vector<gid_t> groups(static_cast<std::size_t>(::getgroups(0, nullptr)));
  REQUIRE(::getgroups(static_cast<int>(groups.size()), groups.data()) == static_cast<int>(groups.size()));
  CHECK(who->groups == std::vector<std::uint32_t>(groups.begin(), groups.end()));
  CHECK_FALSE(credentials_of(-1));
}
