#include "gss/contexts.h"

#include <vector>

#include "tests/unit/gss/fixture.h"

using namespace gatehouse;
using namespace gatehouse::gss;
using namespace gatehouse::test;

namespace {

constexpr Clock at(std::uint64_t ms) {
  return {ms, static_cast<std::int64_t>(ms / 1000)};
}

// A context whose ticket ends at `end_s`, last used at `used_ms`.
std::shared_ptr<Context> context(std::uint64_t used_ms = 0, std::int64_t end_s = kTicketEnd,
                                 std::uint64_t lifetime_ms = kLifetimeEnd) {
  Context::Terms what = terms();
  what.ticket_end_s = end_s;
  what.lifetime_end_ms = lifetime_ms;
  auto made = Context::make(what, 1);
  REQUIRE(made != nullptr);
  made->touch(used_ms);
  return made;
}

}  // namespace

TEST_CASE("a context is found by all of its handle, and by nothing shorter, longer or almost it [G12]") {
  ContextTable table(8);
  const auto one = context();
  const auto two = context();
  table.add(one, at(0));
  table.add(two, at(0));
  CHECK(table.find(one->handle()) == one);
  CHECK(table.find(two->handle()) == two);
  Buffer handle = copy(one->handle());
  CHECK(table.find(rpc::Bytes(handle).first(15)) == nullptr);
  CHECK(table.find({}) == nullptr);
  CHECK(table.find(join({handle, {0}})) == nullptr);
  for (std::size_t byte = 0; byte < handle.size(); ++byte) {
    handle[byte] ^= 0x40;
    CHECK(table.find(handle) == nullptr);
    handle[byte] ^= 0x40;
  }
  CHECK(table.size() == 2);
}

TEST_CASE("at the cap the context that was unused longest goes [G12]") {
  ContextTable table(3);
  std::vector<std::shared_ptr<Context>> all;
  for (const std::uint64_t used : {30U, 10U, 20U}) {
    all.push_back(context(used));
    CHECK(table.add(all.back(), at(40)) == 0);
  }
  all[1]->touch(50);  // the oldest is used again: now it is the third
  CHECK(table.add(context(60), at(60)) == 1);
  CHECK(all[2]->retired());
  CHECK(table.find(all[2]->handle()) == nullptr);
  CHECK_FALSE(all[0]->retired());
  CHECK_FALSE(all[1]->retired());
  CHECK(table.size() == 3);
}

TEST_CASE("at the cap an expired context goes first, however lately it was used [G12]") {
  ContextTable table(2);
  const auto live = context(1, 100);
  const auto expired = context(9000, 8);
  table.add(live, at(0));
  table.add(expired, at(0));
  CHECK(table.add(context(9000, 100), at(9000)) == 1);
  CHECK(expired->retired());
  CHECK_FALSE(live->retired());
}

TEST_CASE("one guest's contexts never evict another's [G12]") {
  ContextTable mine(2);
  ContextTable yours(2);
  const auto kept = context();
  mine.add(kept, at(0));
  for (int i = 0; i < 10; ++i) yours.add(context(static_cast<std::uint64_t>(i)), at(10));
  CHECK(yours.size() == 2);
  CHECK(mine.find(kept->handle()) == kept);
  CHECK(yours.find(kept->handle()) == nullptr);
}

//= rfc2203#5.4
//# after DESTROY the context is gone
TEST_CASE("a removed context is retired, and removed once [G12]") {
  ContextTable table(2);
  const auto one = context();
  table.add(one, at(0));
  CHECK(table.remove(*one));
  CHECK(one->retired());
  CHECK(table.find(one->handle()) == nullptr);
  CHECK_FALSE(table.remove(*one));
  CHECK(table.size() == 0);
  CHECK_FALSE(table.remove(*context()));
}

//= rfc2203#5.4
//# contexts that no client destroys are cleaned up
TEST_CASE("a sweep retires what expired, after a time in which its client is still told so [G12]") {
  ContextTable table(8);
  const auto by_ticket = context(0, 100);
  const auto by_lifetime = context(0, kTicketEnd, 100'000);
  const auto live = context();
  for (const auto& c : {by_ticket, by_lifetime, live}) table.add(c, at(0));
  CHECK(table.sweep(at(99'999), 0) == 0);
  CHECK(table.sweep(at(129'999), 30'000) == 0);
  CHECK(table.find(by_ticket->handle()) == by_ticket);
  CHECK(table.sweep(at(130'000), 30'000) == 2);
  CHECK(by_ticket->retired());
  CHECK(by_lifetime->retired());
  CHECK_FALSE(live->retired());
  CHECK(table.size() == 1);
  // A clock that has not run as long as the grace sweeps nothing.
  CHECK(table.sweep({10, 0}, 30'000) == 0);
}

TEST_CASE("when its guest goes, all contexts go with it, and a guest that comes later inherits none [G12]") {
  ContextTable table(8);
  std::vector<std::shared_ptr<Context>> all;
  for (int i = 0; i < 8; ++i) {
    all.push_back(context());
    table.add(all.back(), at(0));
  }
  table.clear();
  CHECK(table.size() == 0);
  for (const auto& c : all) {
    CHECK(c->retired());
    CHECK(table.find(c->handle()) == nullptr);
  }
  const auto fresh = context();
  CHECK(table.add(fresh, at(0)) == 0);
  CHECK(table.find(fresh->handle()) == fresh);
}

TEST_CASE("each context that is retired is told of, and no other [L6, G12]") {
  ContextTable table(2);
  std::vector<const Context*> ended;
  const auto tell = [&](const Context& c) {
    CHECK(c.retired());
    ended.push_back(&c);
  };
  const auto short_lived = context(10, 5);
  const auto kept = context(30);
  const auto oldest = context(1);
  table.add(oldest, at(0), tell);
  table.add(short_lived, at(0), tell);
  CHECK(ended.empty());
  table.add(kept, at(0), tell);
  CHECK(ended == std::vector<const Context*>{oldest.get()});
  table.sweep(at(6000), 1000, tell);
  CHECK(ended == std::vector<const Context*>{oldest.get(), short_lived.get()});
  table.clear(tell);
  CHECK(ended == std::vector<const Context*>{oldest.get(), short_lived.get(), kept.get()});
}
