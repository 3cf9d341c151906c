#include <algorithm>

#include "proxy/handover/saved.h"

namespace gatehouse::handover {
namespace {

using gss::Context;

constexpr std::size_t kHead = 8 + 8 + 4;

void u64(rpc::XdrWriter& w, std::uint64_t v) {
  w.u32(static_cast<std::uint32_t>(v >> 32));
  w.u32(static_cast<std::uint32_t>(v));
}

std::size_t opaque_size(std::size_t n) {
  return 4 + rpc::padded(n);
}

void put(rpc::XdrWriter& w, const gss::Identity& who) {
  w.text(who.principal);
  w.text(who.mapped_by);
  w.u32(who.ids.uid);
  w.u32(who.ids.gid);
  w.u32(static_cast<std::uint32_t>(who.ids.groups.size()));
  for (const std::uint32_t group : who.ids.groups) w.u32(group);
}

void put(rpc::XdrWriter& w, const gss::SequenceWindow::State& window) {
  w.u32(window.size);
  w.u32(window.any ? 1 : 0);
  w.u32(window.newest);
  for (const std::uint64_t word : window.seen) u64(w, word);
}

void put(rpc::XdrWriter& w, const Context::State& c, const gss::Clock& at) {
  const gss::SessionKey& key = c.terms.key;
  w.opaque(c.handle);
  w.u32(static_cast<std::uint32_t>(key.enctype));
  w.opaque(key.view());
  w.u32(key.acceptor_subkey ? 1 : 0);
  u64(w, key.send_seq);
  put(w, c.terms.identity);
  u64(w, static_cast<std::uint64_t>(c.terms.ticket_end_s));
  u64(w, c.terms.lifetime_end_ms);
  // A worker's clock may be ahead by what it takes to ask.
  u64(w, std::min(c.last_used_ms, at.monotonic_ms));
  put(w, c.window);
}

bool in_bounds(const Context::State& c) {
  const gss::Identity& who = c.terms.identity;
  return !who.principal.empty() && who.principal.size() <= kMostPrincipal && who.mapped_by.size() <= kMostMapping &&
         who.ids.groups.size() <= kMostGroups && c.window.size <= kMostWindow &&
         gss::SequenceWindow::consistent(c.window) && static_cast<std::uint64_t>(c.terms.ticket_end_s) < kMostTime &&
         c.terms.lifetime_end_ms < kMostTime;
}

}  // namespace

std::size_t encoded_size(const Context::State& c, const gss::Clock& at) {
  const bool expired = at.wall_s >= c.terms.ticket_end_s || at.monotonic_ms >= c.terms.lifetime_end_ms;
  if (expired || !in_bounds(c)) return 0;
  const gss::Identity& who = c.terms.identity;
  const std::size_t key = 4 + opaque_size(c.terms.key.size) + 4 + 8;
  const std::size_t identity = opaque_size(who.principal.size()) + opaque_size(who.mapped_by.size()) + 12;
  return opaque_size(c.handle.size()) + key + identity + 4 * who.ids.groups.size() + 24 + 12 + 8 * c.window.seen.size();
}

std::size_t encoded_size(const SavedGuest& g) {
  if (g.name.empty() || g.name.size() > kMostName || g.uuid.size() > kMostUuid || g.identity.size() > kMostIdentity)
    return 0;
  return opaque_size(g.name.size()) + opaque_size(g.uuid.size()) + opaque_size(g.identity.size()) + 8;
}

gss::WipedBytes encode_head(const gss::Clock& at, std::size_t guests) {
  gss::WipedBytes out(kHead);
  rpc::XdrWriter w(out);
  u64(w, static_cast<std::uint64_t>(at.wall_s));
  u64(w, at.monotonic_ms);
  w.u32(static_cast<std::uint32_t>(guests));
  return out;
}

gss::WipedBytes encode_guest(const SavedGuest& g, const gss::Clock& at) {
  std::size_t size = encoded_size(g);
  for (const Context::State& c : g.contexts) size += encoded_size(c, at);
  gss::WipedBytes out(size);
  rpc::XdrWriter w(out);
  w.text(g.name);
  w.text(g.uuid);
  w.text(g.identity);
  w.u32(g.trusted ? 1 : 0);
  w.u32(static_cast<std::uint32_t>(g.contexts.size()));
  for (const Context::State& c : g.contexts) put(w, c, at);
  return out;
}

}  // namespace gatehouse::handover
