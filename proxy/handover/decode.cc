#include <algorithm>

#include "gss/crypto/suite.h"
#include "proxy/handover/saved.h"

namespace gatehouse::handover {
namespace {

using gss::Context;

/// Source: an XdrReader that also remembers values out of bounds. The first of either makes it bad for good.
class Source {
 public:
  explicit Source(rpc::Bytes in) : in_(in) {}

  [[nodiscard]] bool ok() const { return in_.ok() && sound_; }
  [[nodiscard]] bool sound() const { return sound_; }
  [[nodiscard]] bool cut_short() const { return !in_.ok(); }
  [[nodiscard]] bool at_end() const { return in_.at_end(); }

  void demand(bool holds) { sound_ = sound_ && (holds || !in_.ok()); }
  std::uint32_t u32(std::uint32_t most = 0xffffffffU) {
    const std::uint32_t v = in_.u32();
    demand(v <= most);
    return v;
  }
  std::uint64_t u64() {
    const std::uint64_t high = in_.u32();
    return high << 32 | in_.u32();
  }
  std::uint64_t time() {
    const std::uint64_t t = u64();
    demand(t < kMostTime);
    return t;
  }
  bool flag() { return u32(1) == 1; }
  /// opaque: with zero padding, as it is written.
  rpc::Bytes opaque(std::uint32_t most) {
    const rpc::Bytes before = in_.rest();
    const rpc::Bytes body = in_.opaque(0xffffffffU);
    demand(body.size() <= most);
    if (!ok()) return {};
    const rpc::Bytes pad = before.subspan(4 + body.size(), rpc::padded(body.size()) - body.size());
    demand(std::ranges::all_of(pad, [](std::uint8_t b) { return b == 0; }));
    return body;
  }
  std::string text(std::uint32_t most) {
    const rpc::Bytes b = opaque(most);
    return {b.begin(), b.end()};
  }

 private:
  rpc::XdrReader in_;
  bool sound_ = true;
};

gss::SessionKey take_key(Source& in) {
  gss::SessionKey key;
  const gss::Suite* const suite = gss::suite_of(in.u32());
  in.demand(suite != nullptr);
  const rpc::Bytes bytes = in.opaque(gss::SessionKey::kMaxBytes);
  in.demand(suite != nullptr && bytes.size() == suite->key);
  if (in.ok()) {
    key.enctype = suite->enctype;
    key.size = bytes.size();
    std::ranges::copy(bytes, key.bytes.begin());
  }
  key.acceptor_subkey = in.flag();
  key.send_seq = in.u64();
  return key;
}

gss::Identity take_identity(Source& in) {
  gss::Identity who;
  who.principal = in.text(kMostPrincipal);
  in.demand(!who.principal.empty());
  who.mapped_by = in.text(kMostMapping);
  who.ids.uid = in.u32();
  who.ids.gid = in.u32();
  const std::uint32_t groups = in.u32(kMostGroups);
  for (std::uint32_t i = 0; i < groups && in.ok(); ++i) who.ids.groups.push_back(in.u32());
  return who;
}

gss::SequenceWindow::State take_window(Source& in) {
  gss::SequenceWindow::State window;
  window.size = in.u32(kMostWindow);
  in.demand(window.size >= 1);
  window.any = in.flag();
  window.newest = in.u32();
  if (!in.ok()) return window;
  window.seen.resize(gss::SequenceWindow::ring_words(window.size));
  for (std::uint64_t& word : window.seen) word = in.u64();
  in.demand(gss::SequenceWindow::consistent(window));
  return window;
}

Context::State take_context(Source& in, const gss::Clock& at) {
  Context::State c;
  const rpc::Bytes handle = in.opaque(c.handle.size());
  in.demand(handle.size() == c.handle.size());
  if (in.ok()) std::ranges::copy(handle, c.handle.begin());
  c.terms.key = take_key(in);
  c.terms.identity = take_identity(in);
  c.terms.ticket_end_s = static_cast<std::int64_t>(in.time());
  in.demand(c.terms.ticket_end_s > at.wall_s);
  c.terms.lifetime_end_ms = in.time();
  in.demand(c.terms.lifetime_end_ms > at.monotonic_ms);
  c.last_used_ms = in.time();
  in.demand(c.last_used_ms <= at.monotonic_ms);
  c.window = take_window(in);
  c.terms.window = c.window.size;
  return c;
}

SavedGuest take_guest(Source& in, const gss::Clock& at) {
  SavedGuest g;
  g.name = in.text(kMostName);
  in.demand(!g.name.empty());
  g.uuid = in.text(kMostUuid);
  g.identity = in.text(kMostIdentity);
  g.trusted = in.flag();
  const std::uint32_t contexts = in.u32();
  for (std::uint32_t i = 0; i < contexts && in.ok(); ++i) g.contexts.push_back(take_context(in, at));
  return g;
}

}  // namespace

std::string_view decode_fault_text(DecodeFault f) {
  switch (f) {
    case DecodeFault::cut_short: return "they are cut short";
    case DecodeFault::excess: return "something stands behind their end";
    case DecodeFault::bad_field: return "a value is beyond its bounds";
  }
  return "?";
}

std::expected<Saved, DecodeFault> decode(rpc::Bytes bytes) {
  Source in(bytes);
  std::expected<Saved, DecodeFault> out;
  out->at.wall_s = static_cast<std::int64_t>(in.time());
  out->at.monotonic_ms = in.time();
  const std::uint32_t guests = in.u32(kMostGuests);
  for (std::uint32_t i = 0; i < guests && in.ok(); ++i) out->guests.push_back(take_guest(in, out->at));
  if (!in.sound()) return std::unexpected(DecodeFault::bad_field);
  if (in.cut_short()) return std::unexpected(DecodeFault::cut_short);
  if (!in.at_end()) return std::unexpected(DecodeFault::excess);
  return out;
}

}  // namespace gatehouse::handover
