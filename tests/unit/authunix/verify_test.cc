#include "authunix/verify.h"

#include "tests/support/catch.h"

using namespace gatehouse::authunix;
using gatehouse::rpc::AuthSys;

namespace {

constexpr std::uint32_t kAnonUid = 60001, kAnonGid = 60002;

AuthSys claim(std::uint32_t uid, std::uint32_t gid, std::initializer_list<std::uint32_t> gids = {}) {
  AuthSys a;
  a.uid = uid;
  a.gid = gid;
  for (const std::uint32_t g : gids) a.gids[a.gid_count++] = g;
  return a;
}
Rules rules(Squash squash) {
  Rules r;
  r.squash = squash;
  r.anonuid = kAnonUid;
  r.anongid = kAnonGid;
  return r;
}
std::vector<std::uint32_t> groups(const Credential& c) {
  return {c.groups().begin(), c.groups().end()};
}
using Gids = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("a call from port 1023 is taken, one from port 1024 is refused [V5]") {
  Credential c;
  const Rules r = rules(Squash::root);
  CHECK(verify_sys(claim(1000, 100), 0, r, c) == Outcome::taken);
  CHECK(verify_sys(claim(1000, 100), 1023, r, c) == Outcome::taken);
  for (const std::uint32_t port : {1024U, 65535U, 65536U, 0xffffffffU}) {
    CHECK(verify_sys(claim(1000, 100), port, r, c) == Outcome::insecure_port);
    CHECK(verify_sys(claim(0, 0), port, r, c) == Outcome::insecure_port);
  }
  CHECK(refused(Outcome::insecure_port));
}

TEST_CASE("insecure_action squash makes everybody from port 1024 anonymous, without groups [V5]") {
  Rules r = rules(Squash::none);
  r.insecure_action = InsecureAction::squash;
  Credential c;
  CHECK(verify_sys(claim(1000, 100, {5, 6}), 1024, r, c) == Outcome::squashed_port);
  CHECK(c.uid == kAnonUid);
  CHECK(c.gid == kAnonGid);
  CHECK(groups(c).empty());
  CHECK_FALSE(refused(Outcome::squashed_port));
}

TEST_CASE("a transport without ports, and secure = false, take any claim [V5]") {
  Credential c;
  Rules r = rules(Squash::root);
  CHECK(verify_sys(claim(1000, 100), std::nullopt, r, c) == Outcome::taken);
  r.secure = false;
  CHECK(verify_sys(claim(1000, 100), 40000, r, c) == Outcome::taken);
}

TEST_CASE("squash none keeps root, but -1 is always anonymous [V5, T1]") {
  Credential c;
  const Rules r = rules(Squash::none);
  CHECK(verify_sys(claim(0, 0, {0, 5}), 900, r, c) == Outcome::taken);
  CHECK(c.uid == 0);
  CHECK(c.gid == 0);
  CHECK(groups(c) == Gids{0, 5});
  CHECK(verify_sys(claim(kNoId, kNoId, {kNoId, 5}), 900, r, c) == Outcome::unmapped);
  CHECK(c.uid == kAnonUid);
  CHECK(c.gid == kAnonGid);
  CHECK(groups(c) == Gids{kAnonGid, 5});
}

TEST_CASE("squash root replaces id 0 as uid, as gid and among the groups [V5, T1]") {
  Credential c;
  const Rules r = rules(Squash::root);
  CHECK(verify_sys(claim(0, 0, {0, 5}), 900, r, c) == Outcome::squashed_root);
  CHECK(c.uid == kAnonUid);
  CHECK(c.gid == kAnonGid);
  CHECK(groups(c) == Gids{kAnonGid, 5});
  CHECK(verify_sys(claim(1000, 0), 900, r, c) == Outcome::squashed_root);
  CHECK(c.uid == 1000);
  CHECK(c.gid == kAnonGid);
  CHECK(verify_sys(claim(1000, 100, {0}), 900, r, c) == Outcome::squashed_root);
  CHECK(verify_sys(claim(1000, 100, {5}), 900, r, c) == Outcome::taken);
  CHECK(verify_sys(claim(kNoId, 100), 900, r, c) == Outcome::unmapped);
  CHECK(c.uid == kAnonUid);
}

TEST_CASE("squash all replaces every id and drops the groups [V5, T1]") {
  Credential c;
  const Rules r = rules(Squash::all);
  CHECK(verify_sys(claim(1000, 100, {5, 6}), 900, r, c) == Outcome::squashed_all);
  CHECK(c.uid == kAnonUid);
  CHECK(c.gid == kAnonGid);
  CHECK(groups(c).empty());
}

TEST_CASE("maps move what squash left, and anonymous ids are not moved [T1]") {
  Rules r = rules(Squash::root);
  REQUIRE(r.uid_map.add({0, 999, 100000}));
  REQUIRE(r.gid_map.add({0, 999, 200000}));
  Credential c;
  CHECK(verify_sys(claim(10, 20, {30, 0, 5000}), 900, r, c) == Outcome::squashed_root);
  CHECK(c.uid == 100010);
  CHECK(c.gid == 200020);
  CHECK(groups(c) == Gids{200030, kAnonGid, kAnonGid});
  CHECK(verify_sys(claim(1000, 20), 900, r, c) == Outcome::unmapped);
  CHECK(c.uid == kAnonUid);
  CHECK(c.gid == 200020);
  r.squash = Squash::none;
  CHECK(verify_sys(claim(0, 0), 900, r, c) == Outcome::taken);
  CHECK(c.uid == 100000);
  CHECK(c.gid == 200000);
}

TEST_CASE("16 groups go on under first16 and reject, none under primary [G7]") {
  AuthSys full = claim(1000, 100);
  for (std::uint32_t i = 0; i < 16; ++i) full.gids[i] = 500 + i;
  full.gid_count = 16;
  Credential c;
  Rules r = rules(Squash::root);
  CHECK(verify_sys(full, 900, r, c) == Outcome::taken);
  CHECK(c.gid_count == 16);
  r.groups = GroupStrategy::reject;
  CHECK(verify_sys(full, 900, r, c) == Outcome::taken);
  CHECK(c.gid_count == 16);
  r.groups = GroupStrategy::primary;
  CHECK(verify_sys(full, 900, r, c) == Outcome::taken);
  CHECK(c.gid == 100);
  CHECK(c.gid_count == 0);
}

TEST_CASE("a principal's 17 groups are cut, dropped or refused, never sent [G7]") {
  std::vector<std::uint32_t> many(17);
  for (std::uint32_t i = 0; i < many.size(); ++i) many[i] = 700 + i;
  Rules r = rules(Squash::root);
  Credential c;
  CHECK(squash_ids(1000, 100, many, r, c) == Outcome::taken);
  CHECK(groups(c) == Gids(many.begin(), many.begin() + 16));
  r.groups = GroupStrategy::primary;
  CHECK(squash_ids(1000, 100, many, r, c) == Outcome::taken);
  CHECK(groups(c).empty());
  r.groups = GroupStrategy::reject;
  CHECK(squash_ids(1000, 100, many, r, c) == Outcome::too_many_groups);
  CHECK(refused(Outcome::too_many_groups));
  CHECK(squash_ids(1000, 100, std::span(many).first(16), r, c) == Outcome::taken);
}

TEST_CASE("a principal's ids are squashed but not mapped: they are host ids already [G7]") {
  Rules r = rules(Squash::root);
  REQUIRE(r.uid_map.add({0, 10, 100000}));
  REQUIRE(r.gid_map.add({0, 10, 100000}));
  Credential c;
  const std::vector<std::uint32_t> list = {0, 5000};
  CHECK(squash_ids(0, 5000, list, r, c) == Outcome::squashed_root);
  CHECK(c.uid == kAnonUid);
  CHECK(c.gid == 5000);
  CHECK(groups(c) == Gids{kAnonGid, 5000});
}
