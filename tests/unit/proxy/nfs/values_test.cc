// What is put into messages: owners, flavors, addresses, handles.
#include "proxy/nfs/values.h"

#include <string>

#include "tests/unit/proxy/nfs/ids.h"
#include "tests/unit/proxy/policy/compound.h"

using namespace gatehouse;
using namespace gatehouse::nfs;
using test::Keys;
using test::Words;

namespace {

rpc::Bytes bytes(std::string_view s) {
  return {reinterpret_cast<const std::uint8_t*>(s.data()), s.size()};
}
std::string text(rpc::Bytes b) {
  return {b.begin(), b.end()};
}
std::string owner(std::string_view guest, std::string_view own) {
  std::array<std::uint8_t, kOpaqueLimit> room;
  return text(owner_for_server(guest, bytes(own), room));
}

}  // namespace

TEST_CASE("a client owner carries its guest's name, and no two guests can have the same [P4]") {
  CHECK(owner("web1", "Linux NFSv4.2 host") == "web1/Linux NFSv4.2 host");
  CHECK(owner("web1", "") == "web1/");
  CHECK(owner("a", "b/x") != owner("b", "x"));
  CHECK(owner("a", "x") != owner("b", "x"));
}

TEST_CASE("a client owner that gets too long is hashed, the same always, and 1024 bytes at most") {
  const std::string fits(1024 - 5, 'o'), longer(1024 - 4, 'o'), longest(1024, 'o');
  CHECK(owner("web1", fits) == "web1/" + fits);
  CHECK(owner("web1", longest).size() == 5 + 7 + 64);
  CHECK(owner("web1", longest).starts_with("web1/sha256:"));
  CHECK(owner("web1", longest) == owner("web1", longest));
  CHECK(owner("web1", longest) != owner("web1", longer));
  // SHA-256 of 1024 times 'o', by sha256sum.
  CHECK(owner("web1", longest) == "web1/sha256:f87fe40af7066a626b19dd04d1af4c94f68470d2fb72cb814870f34ef83c0894");
  CHECK(owner(std::string(255, 'g'), longest).size() <= 1024);
}

TEST_CASE("SECINFO and MOUNT name the flavors in the order given [P1] [P2]") {
  const std::array list = {Flavor::krb5p, Flavor::krb5i, Flavor::krb5, Flavor::sys, Flavor::none};
  std::array<std::uint8_t, kMostFlavorBytes> room;
  const std::string oid("\x2a\x86\x48\x86\xf7\x12\x01\x02\x02");
  const auto expected =
      Words().u32({5, 6}).opaque(oid).u32({0, 3, 6}).opaque(oid).u32({0, 2, 6}).opaque(oid).u32({0, 1, 1, 0}).bytes();
  const rpc::Bytes secinfo = secinfo_flavors(list, room);
  CHECK(std::vector<std::uint8_t>(secinfo.begin(), secinfo.end()) == expected);
  const rpc::Bytes mount = mount_flavors(list, room);
  CHECK(std::vector<std::uint8_t>(mount.begin(), mount.end()) ==
        Words().u32({5, 390005, 390004, 390003, 1, 0}).bytes());
  CHECK(secinfo_flavors({}, room).size() == 4);
}

TEST_CASE("callback security that is RPCSEC_GSS alone is told from what a server can use") {
  const auto needs = [](std::initializer_list<std::uint32_t> flavors) {
    Words w = Words().u32({static_cast<std::uint32_t>(flavors.size())});
    for (const std::uint32_t f : flavors) {
      w.u32({f});
      if (f == 6) w.u32({1}).opaque("one").opaque("two!");
    }
    return needs_gss(w.bytes());
  };
  CHECK(needs({6}));
  CHECK(needs({6, 6}));
  CHECK_FALSE(needs({6, 0}));
  CHECK_FALSE(needs({0}));
  CHECK_FALSE(needs({}));
}

TEST_CASE("a bound handle is the guest's own: another's, a shortened, a changed one is foreign [P9]") {
  const Keys a("a"), b("b");
  for (const Binding& binding : {Binding{a.handles()}, Binding{a.handles(), kHandleMac3, kMaxHandle3}}) {
    std::array<std::uint8_t, kMaxHandle> room;
    const auto shown = bound_handle(binding, bytes("the server's handle"), room);
    REQUIRE(shown);
    CHECK(shown->size() == 19 + binding.mac);
    CHECK(text(servers_handle(binding, *shown).value()) == "the server's handle");
    const Binding others{b.handles(), binding.mac, binding.most};
    CHECK(servers_handle(others, *shown).error() == HandleFault::foreign);
    std::vector<std::uint8_t> changed(shown->begin(), shown->end());
    for (std::uint8_t& byte : changed) {
      byte ^= 1U;
      CHECK_FALSE(servers_handle(binding, changed));
      byte ^= 1U;
    }
    for (std::size_t n = 0; n < shown->size(); ++n) CHECK_FALSE(servers_handle(binding, shown->first(n)));
    CHECK_FALSE(servers_handle(binding, bytes("the server's handle")));
    const std::string longest(binding.most - binding.mac, 'h');
    CHECK(bound_handle(binding, bytes(longest), room)->size() == binding.most);
    CHECK(bound_handle(binding, bytes(longest + "h"), room).error() == HandleFault::too_long);
  }
}
