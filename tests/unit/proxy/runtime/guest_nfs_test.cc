#include "proxy/runtime/guest_nfs.h"

#include <vector>

#include "tests/support/catch.h"

using namespace gatehouse;
using nfs::Flavor;
using policy::Sec;
using runtime::GuestNfs;

namespace {

const std::vector<std::uint8_t> kSecret(nfs::kSecretSize, 7);

policy::Guest named(const char* name, policy::SecSet sec = {Sec::sys}) {
  policy::Guest g;
  g.name = name;
  g.sec = sec;
  return g;
}

std::vector<Flavor> flavors(const policy::Guest& g) {
  const GuestNfs nfs(g, kSecret);
  return {nfs.rules.flavors.begin(), nfs.rules.flavors.end()};
}

std::array<std::uint8_t, 16> shown(const GuestNfs& nfs) {
  std::array<std::uint8_t, 16> id{};
  nfs.rules.keys->session_to_guest(id);
  return id;
}

}  // namespace

TEST_CASE("the rules of a guest are those of its policy; the defaults bind its state alone [T3, P9]") {
  const policy::Guest g = named("web1");
  const GuestNfs nfs(g, kSecret);
  REQUIRE(nfs.ready);
  CHECK(nfs.rules.keys != nullptr);
  CHECK(nfs.rules.bind_state);
  CHECK(nfs.rules.guest.empty());
  CHECK_FALSE(nfs.rules.bind_handles);
  CHECK(nfs.rules.neutral_callbacks);
  CHECK(nfs.rules.no_state_protection);
  CHECK_FALSE(nfs.rules.read_only);
  CHECK_FALSE(nfs.rules.pass_unknown);

  policy::Guest all = named("web2");
  all.nfs = {.bind_state = false,
             .bind_owners = true,
             .bind_handles = true,
             .callback_addresses = true,
             .ro = true,
             .pass_unknown = true,
             .mount_paths = {}};
  const GuestNfs other(all, kSecret);
  CHECK(other.rules.keys != nullptr);  // for the handles
  CHECK_FALSE(other.rules.bind_state);
  CHECK(other.rules.guest == "web2");
  CHECK(other.rules.bind_handles);
  CHECK_FALSE(other.rules.neutral_callbacks);
  CHECK(other.rules.no_state_protection);
  CHECK(other.rules.read_only);
  CHECK(other.rules.pass_unknown);
}

TEST_CASE("keys are of the secret and the guest's name, and nothing else [T3]") {
  const policy::Guest a = named("a"), b = named("b");
  CHECK(shown(GuestNfs(a, kSecret)) == shown(GuestNfs(a, kSecret)));
  CHECK(shown(GuestNfs(a, kSecret)) != shown(GuestNfs(b, kSecret)));
  CHECK(shown(GuestNfs(a, kSecret)) != shown(GuestNfs(a, std::vector<std::uint8_t>(nfs::kSecretSize, 8))));
  CHECK_FALSE(GuestNfs(a, std::vector<std::uint8_t>(nfs::kSecretSize - 1, 7)).ready);
}

TEST_CASE("flavors are told in the order of sec, and are those of NFS where programs differ [V10]") {
  CHECK(flavors(named("a", {Sec::sys, Sec::krb5p, Sec::krb5, Sec::krb5i, Sec::none, Sec::sys})) ==
        std::vector{Flavor::sys, Flavor::krb5p, Flavor::krb5, Flavor::krb5i, Flavor::none});
  policy::Guest g = named("a", {Sec::krb5p});
  CHECK(flavors(g) == std::vector{Flavor::krb5p});
  g.sec_by_program = {{100005, {Sec::sys}}};
  CHECK(flavors(g) == std::vector{Flavor::krb5p});
  g.sec_by_program = {{100003, {Sec::sys, Sec::krb5i}}};
  CHECK(flavors(g) == std::vector{Flavor::sys, Flavor::krb5i});
}
