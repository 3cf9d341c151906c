#include "proxy/handover/saved.h"

#include <functional>

#include "tests/unit/proxy/handover/fixture.h"

using namespace gatehouse;
using namespace gatehouse::test;
using handover::decode;
using handover::DecodeFault;
using handover::Saved;
using handover::SavedGuest;

namespace {

Saved sample() {
  Saved out{kNow, {}};
  for (const auto enctype : kEnctypes) {
    auto c = state("alice@EXAMPLE.COM", static_cast<std::uint8_t>(enctype));
    c.terms.key = session_key(enctype);
    c.terms.identity.mapped_by = "*@EXAMPLE.COM -> account alice";
    if (out.guests.empty()) out.guests.push_back(saved_guest("web1", {}));
    out.guests.back().contexts.push_back(c);
  }
  auto fresh = state("bob/x@EXAMPLE.COM");
  fresh.window = gss::SequenceWindow(fresh.terms.window).state();
  fresh.terms.identity.ids.groups.clear();
  out.guests.push_back(saved_guest("web2", {fresh}));
  out.guests.push_back(saved_guest("none", {}));
  out.guests.back().trusted = true;
  return out;
}

void check_same(const gss::Context::State& a, const gss::Context::State& b) {
  CHECK(a.handle == b.handle);
  CHECK(a.window == b.window);
  CHECK(a.last_used_ms == b.last_used_ms);
  CHECK(a.terms.key.enctype == b.terms.key.enctype);
  CHECK(std::ranges::equal(a.terms.key.view(), b.terms.key.view()));
  CHECK(a.terms.key.acceptor_subkey == b.terms.key.acceptor_subkey);
  CHECK(a.terms.key.send_seq == b.terms.key.send_seq);
  CHECK(a.terms.identity.principal == b.terms.identity.principal);
  CHECK(a.terms.identity.mapped_by == b.terms.identity.mapped_by);
  CHECK(a.terms.identity.ids == b.terms.identity.ids);
  CHECK(a.terms.ticket_end_s == b.terms.ticket_end_s);
  CHECK(a.terms.lifetime_end_ms == b.terms.lifetime_end_ms);
  CHECK(a.terms.window == b.terms.window);
}

}  // namespace

TEST_CASE("what is saved comes back with every field [G12]") {
  const Saved saved = sample();
  const auto bytes = encoded(saved);
  const auto out = decode(bytes);
  REQUIRE(out);
  CHECK(out->at.wall_s == saved.at.wall_s);
  CHECK(out->at.monotonic_ms == saved.at.monotonic_ms);
  REQUIRE(out->guests.size() == saved.guests.size());
  for (std::size_t i = 0; i < saved.guests.size(); ++i) {
    const SavedGuest& a = saved.guests[i];
    const SavedGuest& b = out->guests[i];
    CHECK(a.name == b.name);
    CHECK(a.uuid == b.uuid);
    CHECK(a.identity == b.identity);
    CHECK(a.trusted == b.trusted);
    REQUIRE(a.contexts.size() == b.contexts.size());
    for (std::size_t n = 0; n < a.contexts.size(); ++n) check_same(a.contexts[n], b.contexts[n]);
  }
  CHECK(encoded(*out) == bytes);
}

TEST_CASE("a context and a guest have the size that was announced [G12]") {
  for (const SavedGuest& g : sample().guests) {
    std::size_t size = handover::encoded_size(g);
    for (const auto& c : g.contexts) size += handover::encoded_size(c, kNow);
    CHECK(handover::encode_guest(g, kNow).size() == size);
  }
}

TEST_CASE("what is cut short anywhere, or goes on behind its end, is refused whole [V3]") {
  gss::WipedBytes bytes = encoded(sample());
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    const auto out = decode(rpc::Bytes(bytes).first(n));
    REQUIRE_FALSE(out);
    CHECK(out.error() == DecodeFault::cut_short);
  }
  bytes.insert(bytes.end(), 4, 0);
  REQUIRE_FALSE(decode(bytes));
  CHECK(decode(bytes).error() == DecodeFault::excess);
}

TEST_CASE("a count that the bytes cannot hold is refused before anything is made of it [V3]") {
  const Saved none{kNow, {}};
  gss::WipedBytes bytes = encoded(none);
  for (const int high : {0x00, 0x10, 0xff}) {
    bytes[16] = static_cast<std::uint8_t>(high);
    bytes[19] = 1;
    REQUIRE_FALSE(decode(bytes));
  }
  gss::WipedBytes guest = encoded({kNow, {saved_guest("web1", {})}});
  for (std::size_t i = 0; i < 4; ++i) guest[guest.size() - 4 + i] = 0xff;
  REQUIRE_FALSE(decode(guest));
  CHECK(decode(guest).error() == DecodeFault::cut_short);
}

TEST_CASE("a context beyond its bounds has no size, and is refused where it is encoded all the same [V3]") {
  using State = gss::Context::State;
  const std::vector<std::function<void(State&)>> changes = {
      [](State& c) { c.terms.identity.principal.clear(); },
      [](State& c) { c.terms.identity.principal.assign(handover::kMostPrincipal + 1, 'a'); },
      [](State& c) { c.terms.identity.mapped_by.assign(handover::kMostMapping + 1, 'a'); },
      [](State& c) { c.terms.identity.ids.groups.resize(handover::kMostGroups + 1); },
      [](State& c) { c.terms.ticket_end_s = kNow.wall_s; },
      [](State& c) { c.terms.ticket_end_s = -1; },
      [](State& c) { c.terms.lifetime_end_ms = kNow.monotonic_ms; },
      [](State& c) { c.terms.lifetime_end_ms = handover::kMostTime; },
      [](State& c) { c.window.newest = 5000; },  // whose bit is not there
      [](State& c) { c.window.seen.pop_back(); },
      [](State& c) { c.window = gss::SequenceWindow(handover::kMostWindow + 1).state(); },
      [](State& c) { c.window.any = false; },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    INFO("change " << i);
    State c = state();
    changes[i](c);
    CHECK(handover::encoded_size(c, kNow) == 0);
  }
  // What is beyond them is not encoded: every bit of what is good, one at a time.
  const gss::WipedBytes good = encoded({kNow, {saved_guest("web1", {state()})}});
  REQUIRE(decode(good));
  std::size_t refused = 0;
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    gss::WipedBytes bad = good;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    const auto out = decode(bad);
    if (!out) {
      ++refused;
      continue;
    }
    CHECK(encoded(*out) == bad);
    for (const SavedGuest& g : out->guests)
      for (const auto& c : g.contexts) CHECK(handover::encoded_size(c, out->at) > 0);
  }
  CHECK(refused > 500);
}

TEST_CASE("a guest without a name, or whose texts are beyond their bounds, has no size [V3]") {
  SavedGuest g = saved_guest("web1", {});
  CHECK(handover::encoded_size(g) > 0);
  g.name.clear();
  CHECK(handover::encoded_size(g) == 0);
  g.name.assign(handover::kMostName + 1, 'a');
  CHECK(handover::encoded_size(g) == 0);
  g = saved_guest("web1", {});
  g.identity.assign(handover::kMostIdentity + 1, 'a');
  CHECK(handover::encoded_size(g) == 0);
}

TEST_CASE("a context that was used while the save was made was used at the save [G12]") {
  auto c = state();
  c.last_used_ms = kNow.monotonic_ms + 3;
  const auto out = decode(encoded({kNow, {saved_guest("web1", {c})}}));
  REQUIRE(out);
  CHECK(out->guests[0].contexts[0].last_used_ms == kNow.monotonic_ms);
}
