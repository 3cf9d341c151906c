#include <functional>

#include "proxy/handover/handover.h"
#include "tests/unit/proxy/handover/fixture.h"

using namespace gatehouse;
using namespace gatehouse::test;
using handover::RestoreReport;

namespace {

constexpr std::size_t kThreads = 2;

gss::Clock later(std::uint64_t ms, std::int64_t s) {
  return {kNow.monotonic_ms + ms, kNow.wall_s + s};
}

RestoreReport install(Host& from, Host& to, const gss::Clock& now = kNow) {
  return handover::install(from.saved(), to.owners(), to.conf, now, kThreads);
}

}  // namespace

TEST_CASE("a guest that is gone, or whose identity is another one, inherits nothing [T3, L9]") {
  using Change = std::function<void(policy::Guest&, config::Config&)>;
  const std::vector<std::pair<const char*, Change>> changes = {
      {"name", [](auto& g, auto&) { g.name = "web9"; }},
      {"uuid", [](auto& g, auto&) { g.uuid = "6ba7b811-9dad-11d1-80b4-00c04fd430c8"; }},
      {"no uuid", [](auto& g, auto&) { g.uuid.clear(); }},
      {"cid", [](auto& g, auto&) { g.identity.cid = 77; }},
      {"no cid", [](auto& g, auto&) { g.identity.cid.reset(); }},
      {"uid", [](auto& g, auto&) { g.identity.uid = 0; }},
      {"interface", [](auto& g, auto&) { g.identity.interface = "tap0"; }},
      {"fewer listeners", [](auto& g, auto&) { g.identity.listeners = {0}; }},
      {"no listeners", [](auto& g, auto&) { g.identity.listeners.clear(); }},
      {"name of a listener", [](auto&, auto& c) { c.listeners[0].name = "inn"; }},
      {"address of a listener", [](auto&, auto& c) { c.listeners[0].address = net::UnixAddress{"/run/out.sock"}; }},
  };
  Host before({"web1", "web2"});
  before.add(0, state());
  for (const auto& [what, change] : changes) {
    INFO(what);
    Host after({"web1"});
    change(after.conf.guests[0], after.conf);
    const RestoreReport r = install(before, after);
    CHECK(r.contexts == 0);
    CHECK(r.no_guest + r.other == 1);
    CHECK(after.find(0) == nullptr);
  }
}

TEST_CASE("the order of listeners in the file, and what else a guest may have, does not matter [L9]") {
  Host before({"web1"});
  before.add(0, state());
  Host after({"web0", "web1"});
  after.conf.guests[1].identity.cid = 42;
  std::swap(after.conf.listeners[0], after.conf.listeners[1]);
  after.conf.guests[1].limits.connections = 1;
  after.conf.guests[1].trusted = true;
  CHECK(install(before, after).contexts == 1);
  CHECK(after.find(1) != nullptr);
}

TEST_CASE("a guest that has lost its trust inherits nothing [T3]") {
  Host before({"web1"});
  before.conf.guests[0].trusted = true;
  before.add(0, state());
  Host after({"web1"});
  const RestoreReport r = install(before, after);
  CHECK(r.untrusted == 1);
  CHECK(after.find(0) == nullptr);
}

TEST_CASE("a context whose principal is not in the guest's principals any more is dropped [G6]") {
  Host before({"web1"});
  before.add(0, state("alice@EXAMPLE.COM", 1));
  before.add(0, state("bob@EXAMPLE.COM", 2));
  Host after({"web1"});
  after.conf.guests[0].principals = {"bob@*"};
  const RestoreReport r = install(before, after);
  CHECK(r.not_allowed == 1);
  CHECK(after.find(0, 1) == nullptr);
  CHECK(after.find(0, 2) != nullptr);
}

TEST_CASE(
    "a context whose principal another rule maps now, or none, or one that says something else, is dropped [G6]") {
  using Rules = std::vector<gss::PrincipalRule>;
  const Rules account = {{"alice@*", std::string("alice")}};
  const Rules other = {{"alice@*", std::string("bob")}};
  const Rules ids = {{"alice@*", gss::Ids{1, 1, {}}}};
  const Rules deny = {{"alice@*", gss::PrincipalRule::Deny{}}};
  const Rules before_it = {{"*", std::string("nobody")}, {"alice@*", std::string("alice")}};
  const Rules beside_it = {{"host/*", std::string("nobody")}, {"alice@*", std::string("alice")}};
  const std::vector<std::tuple<Rules, Rules, bool>> cases = {
      {{}, {}, true},          {account, account, true},    {ids, ids, true},     {account, beside_it, true},
      {account, other, false}, {account, ids, false},       {account, {}, false}, {{}, account, false},
      {account, deny, false},  {account, before_it, false}, {{}, deny, false},
  };
  for (const auto& [then, now, kept] : cases) {
    Host before({"web1"});
    auto c = state();
    c.terms.identity.mapped_by = gss::rule_text(gss::first_match(then, c.terms.identity.principal));
    before.add(0, c);
    Host after({"web1"});
    after.conf.principals = now;
    const RestoreReport r = install(before, after);
    CHECK(r.not_allowed == (kept ? 0 : 1));
    CHECK((after.find(0) != nullptr) == kept);
  }
}

TEST_CASE("beyond limits.contexts those that were used longest ago are dropped [G12]") {
  Host before({"web1"});
  for (std::uint8_t i = 1; i <= 10; ++i) {
    auto c = state("alice@EXAMPLE.COM", i);
    c.last_used_ms = 100U + (i * 7U) % 11U;
    before.add(0, c);
  }
  Host after({"web1"});
  after.conf.guests[0].limits.contexts = 3;
  const RestoreReport r = install(before, after);
  CHECK(r.over_cap == 7);
  CHECK(r.contexts == 3);
  for (std::uint8_t i = 1; i <= 10; ++i) CHECK((after.find(0, i) != nullptr) == ((i * 7U) % 11U > 7));
}

TEST_CASE("what was left of a context's life is left of it, by the clock that says more has gone by [G12]") {
  struct Case {
    std::uint64_t ms;
    std::int64_t s;
    std::uint64_t gone;
  };
  const std::uint64_t left = kLifetimeEnd - kNow.monotonic_ms;
  for (const Case& c : {Case{0, 0, 0}, {2000, 2, 2000}, {2000, 10, 10000}, {5000, 0, 5000}, {5000, -3600, 5000}}) {
    Host before({"web1"});
    before.add(0, state());
    Host after({"web1"});
    const gss::Clock now = later(c.ms, c.s);
    REQUIRE(install(before, after, now).contexts == 1);
    const auto context = after.find(0);
    const auto at = [&](std::uint64_t since) { return gss::Clock{now.monotonic_ms + since, now.wall_s}; };
    CHECK_FALSE(context->expired(at(left - c.gone - 1)));
    CHECK(context->expired(at(left - c.gone)));
  }
}

TEST_CASE("a context does not outlive its ticket, its lifetime, or the lifetime that is configured now [G12]") {
  Host before({"web1"});
  before.add(0, state());
  const std::uint64_t left = kLifetimeEnd - kNow.monotonic_ms;
  for (const gss::Clock& now :
       {later(0, kTicketEnd - kNow.wall_s), later(left, 0), later(0, static_cast<std::int64_t>(left / 1000) + 1)}) {
    Host after({"web1"});
    const RestoreReport r = install(before, after, now);
    CHECK(r.expired == 1);
    CHECK(after.find(0) == nullptr);
  }
  Host after({"web1"});
  after.conf.kerberos.context_lifetime = std::chrono::seconds(5);
  REQUIRE(install(before, after).contexts == 1);
  CHECK(after.find(0)->expired(later(5000, 0)));
  CHECK_FALSE(after.find(0)->expired(later(4999, 0)));
}

TEST_CASE("a save of another boot is refused whole [G12]") {
  Host before({"web1"});
  before.add(0, state());
  Host after({"web1"});
  const RestoreReport r = install(before, after, {kNow.monotonic_ms - 1, kNow.wall_s});
  CHECK(r.outcome == RestoreReport::Outcome::refused);
  CHECK(after.find(0) == nullptr);
}
