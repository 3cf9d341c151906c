// Guests with contexts, and what is saved of them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "proxy/handover/handover.h"
#include "proxy/handover/same_guest.h"
#include "tests/unit/gss/fixture.h"

namespace gatehouse::test {

/// state: a context of `principal` with nothing wrong about it, used at kNow; `seed` makes key and handle differ.
inline gss::Context::State state(const std::string& principal = "alice@EXAMPLE.COM", std::uint8_t seed = 1) {
  gss::Context::State c;
  c.terms = terms(session_key(gss::Enctype::aes256_sha384, seed));
  c.terms.identity.principal = principal;
  c.terms.key.send_seq = 0x123456789abcdefULL + seed;
  c.terms.window = 100;
  gss::SequenceWindow window(100);
  for (const std::uint32_t seq : {1U, 2U, 90U + seed, 88U}) window.admit(seq);
  c.window = window.state();
  c.handle.fill(seed);
  c.last_used_ms = kNow.monotonic_ms;
  return c;
}

/// saved_guest: called `name`, of a configuration without keys, with these contexts.
inline handover::SavedGuest saved_guest(const std::string& name, std::vector<gss::Context::State> contexts) {
  return {name, "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "cid 2 42\n", false, std::move(contexts)};
}

/// encoded: all of it.
inline gss::WipedBytes encoded(const handover::Saved& saved) {
  gss::WipedBytes out = handover::encode_head(saved.at, saved.guests.size());
  for (const handover::SavedGuest& g : saved.guests) {
    const gss::WipedBytes one = handover::encode_guest(g, saved.at);
    out.insert(out.end(), one.begin(), one.end());
  }
  return out;
}

/// Host: a configuration and its guests' tables, as a daemon has them.
struct Host {
  explicit Host(const std::vector<std::string>& names) {
    conf.listeners.resize(2);
    conf.listeners[0].name = "in";
    conf.listeners[0].address = net::UnixAddress{"/run/in.sock"};
    conf.listeners[1].name = "also";
    conf.listeners[1].address = net::VsockAddress{std::nullopt, 2049};
    std::uint32_t cid = 42;
    for (const std::string& name : names) {
      policy::Guest g;
      g.name = name;
      g.uuid = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
      g.identity.cid = cid++;
      g.identity.listeners = {0, 1};
      conf.guests.push_back(g);
    }
  }

  /// owners: tables are made at the first call, with the limits of that moment.
  std::vector<handover::Owner> owners() {
    while (tables.size() < conf.guests.size())
      tables.push_back(std::make_unique<gss::ContextTable>(conf.guests[tables.size()].limits.contexts));
    std::vector<handover::Owner> out;
    for (std::size_t i = 0; i < tables.size(); ++i) out.push_back({conf.guests[i], *tables[i]});
    return out;
  }
  /// add: a context of that guest.
  std::shared_ptr<gss::Context> add(std::size_t guest, gss::Context::State c) {
    (void)owners();
    const auto context = gss::Context::restore(std::move(c), 2);
    REQUIRE(context != nullptr);
    tables[guest]->add(context, kNow);
    return context;
  }
  /// saved: what is left to the next daemon.
  handover::Saved saved() {
    handover::Saved out{kNow, {}};
    for (const auto& o : owners()) {
      out.guests.push_back(
          {o.policy.name, o.policy.uuid, handover::identity_text(conf, o.policy), o.policy.trusted, {}});
      for (const auto& c : o.contexts.all()) out.guests.back().contexts.push_back(c->state());
    }
    return out;
  }
  /// find: the context of that guest with the handle of state(..., seed).
  std::shared_ptr<gss::Context> find(std::size_t guest, std::uint8_t seed = 1) {
    gss::Handle handle;
    handle.fill(seed);
    return tables[guest]->find(handle);
  }

  config::Config conf;
  std::vector<std::unique_ptr<gss::ContextTable>> tables;
};

}  // namespace gatehouse::test
