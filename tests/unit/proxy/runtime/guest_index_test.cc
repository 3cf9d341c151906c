#include "proxy/runtime/guest_index.h"

#include "tests/support/catch.h"

using gatehouse::net::Peer;
using gatehouse::net::Transport;
using gatehouse::policy::Guest;
using gatehouse::runtime::GuestIndex;

namespace {

Guest guest(const char* name) {
  Guest g;
  g.name = name;
  return g;
}
Peer vsock(std::uint32_t cid, std::uint16_t listener = 0) {
  Peer p;
  p.transport = Transport::vsock;
  p.cid = cid;
  p.port = 700;
  p.listener = listener;
  return p;
}

}  // namespace

TEST_CASE("a peer that no entry names is nobody [V6]") {
  std::vector<Guest> guests{guest("a")};
  guests[0].identity.cid = 42;
  const GuestIndex index(guests);
  CHECK(index.find(vsock(42)) == 0U);
  CHECK_FALSE(index.find(vsock(43)));
  CHECK_FALSE(index.find(Peer{}));
}

TEST_CASE("a reserved CID is taken only by an entry that names it [V4]") {
  std::vector<Guest> guests{guest("all"), guest("loop")};
  guests[0].identity.listeners = {0};
  guests[1].identity.cid = 1;
  const GuestIndex index(guests);
  CHECK(index.find(vsock(77)) == 0U);
  CHECK(index.find(vsock(1)) == 1U);
  CHECK_FALSE(index.find(vsock(0)));
  CHECK_FALSE(index.find(vsock(2)));
  CHECK_FALSE(index.find(vsock(0xffffffffU)));
}

TEST_CASE("all stated keys must match, and the entry with more of them is taken") {
  std::vector<Guest> guests{guest("cid"), guest("cid+listener"), guest("listener")};
  guests[0].identity.cid = 42;
  guests[1].identity.cid = 42;
  guests[1].identity.listeners = {1};
  guests[2].identity.listeners = {1};
  const GuestIndex index(guests);
  CHECK(index.find(vsock(42, 0)) == 0U);
  CHECK(index.find(vsock(42, 1)) == 1U);
  CHECK(index.find(vsock(43, 1)) == 2U);
  CHECK_FALSE(index.find(vsock(43, 0)));
}

TEST_CASE("a guest with several listeners comes by any of them and by no other") {
  std::vector<Guest> guests{guest("a"), guest("b")};
  guests[0].identity.listeners = {1, 4};
  guests[1].identity.cid = 42;
  guests[1].identity.listeners = {4, 5};
  const GuestIndex index(guests);
  CHECK(index.find(vsock(7, 1)) == 0U);
  CHECK(index.find(vsock(7, 4)) == 0U);
  CHECK(index.find(vsock(42, 4)) == 1U);
  CHECK(index.find(vsock(42, 5)) == 1U);
  CHECK(index.find(vsock(42, 1)) == 0U);
  CHECK_FALSE(index.find(vsock(42, 2)));
  CHECK_FALSE(index.find(vsock(7, 5)));
}

TEST_CASE("with as many keys, cid is stronger than interface, then uid, then listener") {
  std::vector<Guest> guests{guest("listener"), guest("uid"), guest("tap")};
  guests[0].identity.listeners = {3};
  guests[1].identity.uid = 1000;
  guests[2].identity.interface = "tap0";
  const GuestIndex index(guests);
  Peer p;
  p.listener = 3;
  p.uid = 1000;
  CHECK(index.find(p) == 1U);
  p.uid = 1001;
  CHECK(index.find(p) == 0U);
  Peer tap;
  tap.transport = Transport::tcp;
  tap.interface = "tap0";
  tap.listener = 3;
  CHECK(index.find(tap) == 2U);
  tap.interface = "tap1";
  tap.listener = 4;
  CHECK_FALSE(index.find(tap));
}
