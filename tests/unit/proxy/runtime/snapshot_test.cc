// From one configuration to the next: who is carried over.
#include "proxy/runtime/snapshot.h"

#include <array>

#include "tests/support/catch.h"
#include "tests/unit/proxy/config/fixture.h"

using namespace gatehouse;
using namespace gatehouse::runtime;
using gatehouse::test::good;

namespace {

const std::array<std::uint8_t, nfs::kSecretSize> kSecret{};
const Ground kGround{2, kSecret};

// A configuration: listeners a and b, a backend, and these guests.
config::Config conf(const std::string& guests, const std::string& listeners = "",
                    const std::string& trusted = "\"web1\"") {
  return good("[trust]\nallowed = [" + trusted + "]\n" + listeners +
              "[[listener]]\nname = \"a\"\naddress = \"unix:/run/a\"\n"
              "[[listener]]\nname = \"b\"\naddress = \"unix:/run/b\"\n"
              "[[backend]]\nname = \"nfs\"\naddress = \"tcp:127.0.0.1:2049\"\nprograms = [\"nfs:3-4\"]\n" +
              guests);
}
std::string guest(const std::string& name, const std::string& keys) {
  return "[[guest]]\nname = \"" + name + "\"\nbackends = [\"nfs\"]\n" + keys;
}
const std::string kWeb1 = guest("web1", "listener = \"a\"\n");
const std::string kWeb2 = guest("web2", "listener = \"b\"\n");

struct Scene {
  Generations generations;
  std::shared_ptr<Snapshot> before;
  explicit Scene(config::Config c) : before(*make_snapshot(std::move(c), kGround, generations)) {}
  Change to(config::Config c) { return *make_change(*before, std::move(c), kGround, generations); }
};

std::vector<std::string> list(std::initializer_list<std::string> names) {
  return names;
}

}  // namespace

TEST_CASE("what did not change is carried over: state, policy and backend, wherever it stands now [T3]") {
  Scene s(conf(kWeb1 + kWeb2));
  const Change c = s.to(conf(kWeb2 + kWeb1, "[[listener]]\nname = \"first\"\naddress = \"unix:/run/first\"\n"));
  CHECK(c.next->number == 2);
  CHECK(c.guests[0] == 1U);
  CHECK(c.guests[1] == 0U);
  CHECK(c.listeners[0] == 1U);
  CHECK(c.next->guests[1] == s.before->guests[0]);
  CHECK(c.next->backends[0] == s.before->backends[0]);
  CHECK(c.added.empty());
  CHECK(c.removed.empty());
  CHECK(c.replaced.empty());
  CHECK(c.went.empty());
}

TEST_CASE("a policy that says the same is the same object, so that no decision is made again [T3]") {
  Scene s(conf(kWeb1 + kWeb2));
  const Change c = s.to(conf(kWeb1 + guest("web2", "listener = \"b\"\nsquash = \"all\"\n")));
  CHECK(c.next->policies[0] == s.before->policies[0]);
  CHECK(c.next->policies[1] != s.before->policies[1]);
  CHECK(c.next->guests[1] == s.before->guests[1]);
  CHECK(c.changed == list({"web2"}));
}

TEST_CASE("a guest whose peers are others, whose uuid is another or who lost trust begins anew [T3]") {
  const std::string uuid = "uuid = \"6f6a7c9e-3b5c-4b5e-9a53-1f0a4f5e8a11\"\n";
  struct Case {
    std::string before, after;
    bool went;
  };
  const Case cases[] = {
      {kWeb1, guest("web1", "listener = \"b\"\n"), false},
      {kWeb1, guest("web1", "listener = [\"a\", \"b\"]\n"), false},
      {kWeb1, guest("web1", "listener = \"a\"\nuid = 7\n"), false},
      {kWeb1, guest("web1", "listener = \"a\"\n" + uuid), true},
      {guest("web1", "listener = \"a\"\ntrusted = true\n"), kWeb1, false},
  };
  for (const Case& each : cases) {
    CAPTURE(each.after);
    Scene s(conf(each.before));
    const Change c = s.to(conf(each.after));
    CHECK_FALSE(c.guests[0]);
    CHECK(c.next->guests[0] != s.before->guests[0]);
    CHECK(c.replaced == list({"web1"}));
    CHECK(c.went == (each.went ? list({"web1"}) : list({})));
  }
}

TEST_CASE("a guest that becomes trusted is the same guest [T1]") {
  Scene s(conf(kWeb1));
  const Change c = s.to(conf(guest("web1", "listener = \"a\"\ntrusted = true\n")));
  CHECK(c.next->guests[0] == s.before->guests[0]);
}

TEST_CASE("a listener of that name at another address is another one, and so are the guests that it tells apart [T3]") {
  Scene s(conf(kWeb1));
  config::Config other = conf(kWeb1);
  other.listeners[0].address = net::UnixAddress{"/run/other"};
  const Change c = s.to(std::move(other));
  CHECK_FALSE(c.listeners[0]);
  CHECK_FALSE(c.guests[0]);
}

TEST_CASE("a name that went gets other keys when it comes back, and the next one again others [T3]") {
  Scene s(conf(kWeb1 + kWeb2));
  const auto id = [](const Snapshot& snapshot, std::size_t i) {
    std::array<std::uint8_t, 16> out{1, 2, 3};
    snapshot.policies[i]->nfs.rules.keys->session_to_guest(out);
    return out;
  };
  const auto first = id(*s.before, 1);
  for (int i = 1; i < 3; ++i) {
    const Change gone = s.to(conf(kWeb1));
    CHECK(gone.removed == list({"web2"}));
    CHECK(gone.went == list({"web2"}));
    REQUIRE(s.generations.raise(gone.went));
    s.before = gone.next;
    const Change back = s.to(conf(kWeb1 + kWeb2));
    CHECK(back.added == list({"web2"}));
    CHECK(id(*back.next, 1) != first);
    CHECK(s.generations.of("web2") == static_cast<std::uint32_t>(i));
    s.before = back.next;
  }
  // The same after a restart.
  CHECK(id(**make_snapshot(conf(kWeb1 + kWeb2), kGround, s.generations), 1) == id(*s.before, 1));
}

TEST_CASE("limits of the next configuration come into force for a guest that is carried over [L6]") {
  Scene s(conf(kWeb1));
  GuestState& state = *s.before->guests[0];
  REQUIRE(state.in_flight.try_take(3));
  const Change c = s.to(conf(guest("web1", "listener = \"a\"\nlimits = { in_flight = 2, connections = 7 }\n")));
  CHECK(state.in_flight.limit() == 1024);
  apply(*c.next);
  CHECK(state.connections.limit() == 7);
  CHECK_FALSE(state.in_flight.try_take(1));
  state.in_flight.give(2);
  CHECK(state.in_flight.try_take(1));
  CHECK_FALSE(state.in_flight.try_take(1));
}

TEST_CASE("a backend is the same while its address and the way to connect are; its time-out may change [T3]") {
  Scene s(conf(kWeb1));
  config::Config slow = conf(kWeb1);
  slow.backends[0].connect_timeout = std::chrono::seconds(5);
  const Change c = s.to(std::move(slow));
  CHECK(c.backends[0] == 0U);
  apply(*c.next);
  CHECK(s.before->backends[0]->connect_timeout() == 5000);
  config::Config moved = conf(kWeb1);
  moved.backends[0].proxy_protocol = true;
  CHECK_FALSE(s.to(std::move(moved)).backends[0]);
}

TEST_CASE("a program keeps its place in the counters when others are granted [T3]") {
  Scene s(conf(kWeb1));
  GuestState& state = *s.before->guests[0];
  state.count_call(1, CallFlavor::sys, 100003, CallEnd::forwarded);
  config::Config more = conf(kWeb1);
  more.guests[0].programs.insert(more.guests[0].programs.begin(), policy::ProgramGrant{7, 1, 1, 0, {}});
  apply(*s.to(std::move(more)).next);
  CHECK(state.calls(CallFlavor::sys, state.counted.place(100003), CallEnd::forwarded) == 1);
  CHECK(state.counted.place(7) != CountedPrograms::kOthers);
  CHECK(state.counted.place(8) == CountedPrograms::kOthers);
}

TEST_CASE("contexts stand as long as their principal is let in, and mapped by the same rule [G6]") {
  const std::vector<gss::PrincipalRule> rules{{"alice@*", "alice"}, {"*@R", gss::PrincipalRule::Deny{}}};
  policy::Guest g;
  gss::Identity alice{"alice@R", {1, 2, {}}, gss::rule_text(&rules[0])};
  CHECK(context_stands(alice, g, rules));
  CHECK_FALSE(context_stands(alice, g, {}));
  CHECK_FALSE(context_stands(alice, g, {{"alice@R", "alice"}}));
  CHECK_FALSE(context_stands(alice, g, {{"alice@*", gss::Ids{1, 2, {}}}}));
  CHECK(context_stands(alice, g, {{"bob@*", "bob"}, rules[0]}));
  g.principals = {"bob@*"};
  CHECK_FALSE(context_stands(alice, g, rules));
  const gss::Identity mapped_by_account{"carol@R", {3, 3, {}}, {}};
  CHECK(context_stands(mapped_by_account, {}, {}));
  CHECK_FALSE(context_stands(mapped_by_account, {}, rules));
}
