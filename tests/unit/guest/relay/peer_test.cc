#include "guest/relay/peer.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "proxy/net/fd.h"
#include "tests/support/catch.h"

using namespace gatehouse::guest;

TEST_CASE("a port that only root can bind is privileged, and no other [V5]") {
  CHECK(rank_of_port(1, 1024) == Rank::privileged);
  CHECK(rank_of_port(1023, 1024) == Rank::privileged);
  CHECK(rank_of_port(1024, 1024) == Rank::ordinary);
  CHECK(rank_of_port(65535, 1024) == Rank::ordinary);
  CHECK(rank_of_port(0, 1024) == Rank::ordinary);
}

TEST_CASE("where the system lets everybody bind ports below 1024, those are not privileged [V5]") {
  CHECK(rank_of_port(700, 600) == Rank::ordinary);
  CHECK(rank_of_port(600, 600) == Rank::ordinary);
  CHECK(rank_of_port(599, 600) == Rank::privileged);
  CHECK(rank_of_port(1, 0) == Rank::ordinary);
  // A system may reserve more; the host does not.
  CHECK(rank_of_port(1024, 2000) == Rank::ordinary);
}

TEST_CASE("a caller on a unix socket is who the kernel says it is [V5]") {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  const gatehouse::net::UniqueFd a(ends[0]);
  const gatehouse::net::UniqueFd b(ends[1]);
  const Caller caller = caller_of(a.get());
  CHECK(caller.uid == ::geteuid());
  CHECK(caller.port == 0);
  CHECK(caller.rank == (::geteuid() == 0 ? Rank::privileged : Rank::ordinary));
  CHECK(caller.str() == "unix:uid=" + std::to_string(::geteuid()));
}

TEST_CASE("a socket without another end is foreign") {
  const gatehouse::net::UniqueFd fd(::socket(AF_INET, SOCK_STREAM, 0));
  CHECK(caller_of(fd.get()).rank == Rank::foreign);
  CHECK(caller_of(-1).rank == Rank::foreign);
}
