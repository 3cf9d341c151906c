#include "gss/context.h"

#include <set>

#include "tests/unit/gss/fixture.h"

using namespace gatehouse;
using namespace gatehouse::gss;
using namespace gatehouse::test;

TEST_CASE("handles are 16 bytes in which a thousand contexts differ, not by a counter [G12]") {
  std::set<Handle> handles;
  std::set<std::uint8_t> at[16];
  const Context::Terms all = terms();
  for (int i = 0; i < 1000; ++i) {
    const auto context = Context::make(all, 1);
    REQUIRE(context != nullptr);
    CHECK(handles.insert(context->handle()).second);
    for (std::size_t b = 0; b < 16; ++b) at[b].insert(context->handle()[b]);
  }
  // Each byte took most of its 256 values: 1000 draws leave about 5 of them out.
  for (const auto& values : at) CHECK(values.size() > 200);
}

//= rfc2203#5.2.2
//# the handle of a context never changes
TEST_CASE("a context keeps its handle and identity whatever happens to it [G12]") {
  const auto context = Context::make(terms(), 2);
  REQUIRE(context != nullptr);
  const Handle handle = context->handle();
  REQUIRE(context->lane(1) != nullptr);
  context->window().admit(7);
  context->touch(99);
  context->retire();
  CHECK(context->handle() == handle);
  CHECK(context->identity().principal == "alice@EXAMPLE.COM");
  CHECK(context->identity().ids == Ids{1001, 100, {27}});
  CHECK(context->retired());
  CHECK(context->last_used() == 99);
}

TEST_CASE("a context expires with its ticket, or with its lifetime, whichever comes first [G12]") {
  const auto context = Context::make(terms(), 1);
  REQUIRE(context != nullptr);
  CHECK_FALSE(context->expired({kLifetimeEnd - 1, kTicketEnd - 1}));
  CHECK(context->expired({kLifetimeEnd, kTicketEnd - 1}));
  CHECK(context->expired({kLifetimeEnd - 1, kTicketEnd}));
  CHECK(context->expired({~std::uint64_t{0}, kTicketEnd - 1}));
}

TEST_CASE("a key that cannot be used makes no context [G12]") {
  Context::Terms bad = terms();
  bad.key.size = 7;
  CHECK(Context::make(bad, 1) == nullptr);
}

TEST_CASE("each thread has a lane of its own, and threads that were not announced have none [G12]") {
  const auto context = Context::make(terms(), 3);
  REQUIRE(context != nullptr);
  std::set<Protection*> lanes;
  for (std::size_t thread = 0; thread < 3; ++thread) {
    Protection* lane = context->lane(thread);
    REQUIRE(lane != nullptr);
    CHECK(context->lane(thread) == lane);
    CHECK(lanes.insert(lane).second);
  }
  CHECK(context->lane(3) == nullptr);
  CHECK(context->lane(~std::size_t{0}) == nullptr);
  // Somebody must be able to use it.
  const auto lonely = Context::make(terms(), 0);
  REQUIRE(lonely != nullptr);
  CHECK(lonely->lane(0) != nullptr);
}

TEST_CASE("what one lane makes the client takes, and every lane takes what the client made [G1]") {
  Gateway gateway;
  Client alice = gateway.client();
  const Buffer message = words({1, 2, 3});
  for (const std::size_t thread : {0U, 1U}) {
    Buffer token(alice.initiator().mic_size());
    REQUIRE(alice.context->lane(thread)->get_mic(message, alice.context->next_token_seq(), token));
    CHECK(alice.initiator().verify_mic(message, token));
    CHECK(alice.context->lane(thread)->verify_mic(message, alice.mic(message)));
  }
}

TEST_CASE("tokens of this side count on from the number that the acceptor left off with [G1]") {
  Context::Terms what = terms();
  what.key.send_seq = 0xfffffffffffffffeU;
  const auto context = Context::make(what, 1);
  REQUIRE(context != nullptr);
  CHECK(context->next_token_seq() == 0xfffffffffffffffeU);
  CHECK(context->next_token_seq() == 0xffffffffffffffffU);
  CHECK(context->next_token_seq() == 0);
}

TEST_CASE(
    "a context that goes on from a state is the same to its client: handle, key, numbers seen and to come [G12]") {
  Gateway before;
  Client alice = before.client();
  REQUIRE(before.finding(alice, {.seq = 5}) == Finding::data);
  const std::uint64_t next = alice.context->next_token_seq() + 1;
  alice.context->touch(777);
  const Context::State state = alice.context->state();
  alice.context = Context::restore(state, 2);
  REQUIRE(alice.context != nullptr);
  Gateway after;
  after.table.add(alice.context, after.now);
  CHECK(alice.context->handle() == state.handle);
  CHECK(alice.context->last_used() == 777);
  CHECK(after.finding(alice, {.seq = 5}) == Finding::replayed);
  CHECK(after.finding(alice, {.seq = 6}) == Finding::data);
  CHECK(alice.context->next_token_seq() == next);
  CHECK(alice.context->expired({kLifetimeEnd, kNow.wall_s}));
}

TEST_CASE("a state whose key or window cannot be makes no context [G12]") {
  const auto context = Context::make(terms(), 1);
  REQUIRE(context != nullptr);
  const Context::State good = context->state();
  CHECK(Context::restore(good, 0) != nullptr);
  Context::State bad = good;
  bad.terms.key.size = 16;
  CHECK(Context::restore(bad, 1) == nullptr);
  bad = good;
  bad.terms.key.enctype = static_cast<Enctype>(23);
  CHECK(Context::restore(bad, 1) == nullptr);
  bad = good;
  bad.terms.window = good.window.size + 1;
  CHECK(Context::restore(bad, 1) == nullptr);
  bad = good;
  bad.window.newest = 9;
  CHECK(Context::restore(bad, 1) == nullptr);
}
