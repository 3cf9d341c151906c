// NFSv3, NFSACL and MOUNT: handles, flavors and refusals.
#include <string>

#include "proxy/nfs/rewrite3.h"
#include "tests/unit/proxy/nfs/ids.h"
#include "tests/unit/proxy/policy/compound.h"

using namespace gatehouse;
using namespace gatehouse::nfs;
using test::Keys;
using test::Words;
using Text = std::vector<std::uint8_t>;

namespace {

constexpr Procedure3 nfs3(std::uint32_t number) {
  return {Program3::nfs, number};
}

struct Result {
  Rewritten what;
  Text out;
};
Result call(const Rules& rules, Procedure3 p, const Text& in) {
  Text out(in.size() + 100);
  std::size_t size = 0;
  const Rewritten what = rewrite3_call(rules, p, in, out, size);
  out.resize(size);
  return {what, out};
}
Result reply(const Rules& rules, Procedure3 p, const Text& in) {
  Text out(in.size() + 100);
  std::size_t size = 0;
  const Rewritten what = rewrite3_reply(rules, p, in, out, size);
  out.resize(size);
  return {what, out};
}

std::string bound(const GuestKeys& keys, const std::string& handle) {
  std::array<std::uint8_t, kMaxHandle> room;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(handle.data());
  const auto out = bound_handle({keys.handles(), kHandleMac3, kMaxHandle3}, {bytes, handle.size()}, room);
  return {out->begin(), out->end()};
}

const Words kFattr = [] {
  Words w = Words().u32({1});
  for (std::uint32_t i = 0; i < 21; ++i) w.u32({i});
  return w;
}();

}  // namespace

TEST_CASE("NFSv3 procedures that change something fail with ROFS for a read-only guest, each in its shape") {
  const Rules rules{.read_only = true};
  // RFC 1813 section 3.3: words of the failure behind the status.
  const std::pair<std::uint32_t, std::size_t> changing[] = {{2, 2},  {7, 2},  {8, 2},  {9, 2},  {10, 2},
                                                            {11, 2}, {12, 2}, {13, 2}, {14, 4}, {15, 3}};
  for (const auto& [number, words] : changing) {
    INFO("procedure " << number);
    const Result r = call(rules, nfs3(number), {});
    CHECK(r.what == Rewritten::answered);
    Text expected = {0, 0, 0, 30};
    expected.resize(4 + words * 4);
    CHECK(r.out == expected);
  }
  for (const std::uint32_t number : {0U, 1U, 3U, 4U, 5U, 6U, 16U, 17U, 18U, 19U, 20U, 21U})
    CHECK(call(rules, nfs3(number), {}).what == Rewritten::same);
  CHECK(call(rules, {Program3::acl, 2}, {}).out == Text{0, 0, 0, 30, 0, 0, 0, 0});
  CHECK(call(rules, {Program3::acl, 1}, {}).what == Rewritten::same);
  CHECK(call(rules, {Program3::mount, 1}, {}).what == Rewritten::same);
}

TEST_CASE("NFSv3 handles of a guest are bound on their way out and must be its own on their way in [P9]") {
  const Keys a("a"), b("b");
  const Rules rules{.keys = &a, .bind_handles = true}, others{.keys = &b, .bind_handles = true};
  const std::string own = bound(a, "handle one"), two = bound(a, "handle 2");
  const auto two_names = [](const std::string& from, const std::string& to) {
    return Words().opaque(from).opaque("name").opaque(to).opaque("other").bytes();
  };
  CHECK(call(rules, nfs3(14), two_names(own, two)).out == two_names("handle one", "handle 2"));
  CHECK(call(rules, nfs3(14), two_names(own, bound(b, "handle 2"))).out ==
        Text{0, 0, 0, 70, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  const auto link = [](const std::string& file, const std::string& dir) {
    return Words().opaque(file).opaque(dir).opaque("name").bytes();
  };
  CHECK(call(rules, nfs3(15), link(own, two)).out == link("handle one", "handle 2"));
  const auto write = [](const std::string& file) {
    return Words().opaque(file).u32({0, 0, 4, 2}).opaque("data").bytes();
  };
  CHECK(call(rules, nfs3(7), write(own)).out == write("handle one"));
  CHECK(call(others, nfs3(7), write(own)).what == Rewritten::answered);
  CHECK(call(rules, {Program3::acl, 1}, write(own)).out == write("handle one"));
  CHECK(call(rules, nfs3(1), Words().opaque("raw").bytes()).what == Rewritten::answered);
  CHECK(call(rules, nfs3(1), {0, 0, 0, 65}).what == Rewritten::malformed);
  const auto listing = [](const std::string& dir, std::uint32_t room) {
    return Words().opaque(dir).u32({0, 0, 0, 0, 512, room}).bytes();
  };
  CHECK(call(rules, nfs3(17), listing(own, 4096)).out == listing("handle one", 3072));

  const auto lookup = [](const std::string& h) { return Words().u32({0}).opaque(h).add(kFattr).u32({0}).bytes(); };
  CHECK(reply(rules, nfs3(3), lookup("handle one")).out == lookup(own));
  CHECK(reply(rules, nfs3(3), Words().u32({2, 0}).bytes()).what == Rewritten::same);
  for (const std::uint32_t number : {8U, 9U, 10U, 11U}) {
    const auto made = [](const std::string& h) {
      return Words().u32({0, 1}).opaque(h).add(kFattr).u32({0, 0}).bytes();
    };
    CHECK(reply(rules, nfs3(number), made("handle one")).out == made(own));
    CHECK(reply(rules, nfs3(number), Words().u32({0, 0, 0, 0, 0}).bytes()).what == Rewritten::same);
  }
  const auto entries = [](const std::string& first, const std::string& second) {
    Words w = Words().u32({0}).add(kFattr).u32({1, 2});
    w.u32({1, 0, 1}).opaque("a").u32({0, 1}).add(kFattr).u32({1}).opaque(first);
    w.u32({1, 0, 2}).opaque("b").u32({0, 2, 0, 0});
    return w.u32({1, 0, 3}).opaque("c").u32({0, 3, 0, 1}).opaque(second).u32({0, 1}).bytes();
  };
  CHECK(reply(rules, nfs3(17), entries("handle one", "handle 2")).out == entries(own, two));
  CHECK(reply(rules, nfs3(3), lookup(std::string(57, 'h'))).what == Rewritten::no_handle);
}

TEST_CASE("MNT's reply names the gateway's flavors, and its handle is bound [P1]") {
  const Keys a("a");
  const std::array list = {Flavor::krb5p, Flavor::sys};
  const Procedure3 mnt{Program3::mount, kMountMnt};
  const auto mounted = [](const std::string& h, const Words& flavors) {
    return Words().u32({0}).opaque(h).add(flavors).bytes();
  };
  const Words servers = Words().u32({1, 1}), gateways = Words().u32({2, 390005, 1});
  CHECK(reply({.flavors = list}, mnt, mounted("handle", servers)).out == mounted("handle", gateways));
  CHECK(reply({.keys = &a, .bind_handles = true, .flavors = list}, mnt, mounted("handle", servers)).out ==
        mounted(bound(a, "handle"), gateways));
  CHECK(reply({.flavors = list}, mnt, {0, 0, 0, 13}).what == Rewritten::same);
  CHECK(reply({.flavors = list}, mnt, {0, 0, 0, 0, 0, 0, 0, 99}).what == Rewritten::malformed);
}
