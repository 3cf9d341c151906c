// What the mapper decides without asking the system; with it: tests/acceptors/test_mapper.py.
#include "gss/acceptors/mapper.h"

#include <atomic>
#include <thread>

#include "tests/support/catch.h"

using namespace gatehouse;
using gss::Mapping;
using std::chrono::milliseconds;

namespace {

const gss::Ids kFive{.uid = 5, .gid = 6, .groups = {7}};

gss::Mapper mapper_with_rules() {
  return {{{.match = "host/*", .map = gss::PrincipalRule::Deny{}}, {.match = "*@EXAMPLE.COM", .map = kFive}},
          milliseconds(60000)};
}

}  // namespace

TEST_CASE("the first rule that matches gives ids or denies, and says which it was [G6]") {
  gss::Mapper mapper = mapper_with_rules();
  const Mapping host = mapper.map("host/a@EXAMPLE.COM");
  CHECK(host.outcome == Mapping::Outcome::denied);
  CHECK(host.how == "[[principal]] rule 1 (\"host/*\") denies");
  const Mapping alice = mapper.map("alice@EXAMPLE.COM");
  CHECK(alice.outcome == Mapping::Outcome::ids);
  CHECK(alice.ids == kFive);
  CHECK(alice.how == "[[principal]] rule 2 (\"*@EXAMPLE.COM\") gives uid 5, gid 6, 1 group");
  CHECK(mapper.map("alice@EXAMPLE.COM").how == alice.how);
}

TEST_CASE("what an acceptor found counts after the rules, and is never asked again [G6]") {
  gss::Mapper mapper = mapper_with_rules();
  const gss::Ids theirs{.uid = 1, .gid = 2, .groups = {}};
  CHECK(mapper.map("bob@OTHER", true, theirs).ids == theirs);
  CHECK(mapper.map("bob@OTHER", true, std::nullopt).outcome == Mapping::Outcome::no_account);
  CHECK(mapper.map("host/x@OTHER", true, theirs).outcome == Mapping::Outcome::denied);
  CHECK(mapper.map("bob@EXAMPLE.COM", true, theirs).ids == kFive);
}

TEST_CASE("more principals than the cache holds are mapped all the same, by several threads [G6]") {
  gss::Mapper mapper = mapper_with_rules();
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 6000; ++i)
          if (mapper.map("user" + std::to_string(i) + "@EXAMPLE.COM").ids != kFive) ++wrong;
      });
  }
  CHECK(wrong == 0);
}

TEST_CASE("the system's root account is found with its ids [G6]") {
  const Mapping root = gss::local_account("root");
  CHECK(root.outcome == Mapping::Outcome::ids);
  CHECK(root.ids.uid == 0);
  CHECK(gss::local_account("no-such-account-here").outcome == Mapping::Outcome::no_account);
  CHECK(gss::local_account("").outcome == Mapping::Outcome::no_account);
}
