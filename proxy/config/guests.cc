#include "proxy/config/guests.h"

#include <algorithm>

namespace gatehouse::config {
namespace {

std::uint32_t size_or(const View& v, std::string_view key, std::uint32_t otherwise) {
  return static_cast<std::uint32_t>(v.size(key).value_or(otherwise));
}

void read_limits(Context& ctx, const GuestSource& src, policy::Guest& out) {
  const auto [stated, inherited] = src.policy().layers("limits");
  const View v(Section::limits, stated, inherited);
  policy::Limits& l = out.limits;
  l.connections = v.u32("connections", l.connections);
  l.in_flight = v.u32("in_flight", l.in_flight);
  l.record_bytes = size_or(v, "record_bytes", l.record_bytes);
  l.fragments = v.u32("fragments", l.fragments);
  l.buffered_bytes =
      static_cast<std::uint64_t>(v.size("buffered_bytes").value_or(static_cast<std::int64_t>(l.buffered_bytes)));
  l.log_lines = v.u32("log_lines", l.log_lines);
  const Found buffered = v.find("buffered_bytes");
  const Found record = v.find("record_bytes");
  if (buffered && record && l.buffered_bytes < l.record_bytes) {
    const Found& at = buffered.origin != Origin::builtin ? buffered : record;
    ctx.warn(at.node->place,
             "buffered_bytes is below record_bytes: a record of several fragments that is larger than "
             "buffered_bytes will be refused");
  }
}

void read_guest(Context& ctx, const GuestSource& src, const Books& books, const Config& config, policy::Guest& g) {
  read_identity(ctx, src, books, config, g);
  read_rules(ctx, src, config, g);
  read_limits(ctx, src, g);
  read_programs(ctx, src, books, config, g);
  read_source_address(ctx, src, config, g);
}

// [defaults] by itself, so that a fault in it shows even while no guest inherits it.
const Node* read_defaults(Context& ctx, const Node& root, const Books& books, const Config& config) {
  const Node* defaults = root.find("defaults");
  if (defaults == nullptr || defaults->table() == nullptr) return nullptr;
  check_table(ctx, *defaults, {Section::policy});
  policy::Guest nobody;
  const GuestSource src{defaults, nullptr, true};
  read_rules(ctx, src, config, nobody);
  read_limits(ctx, src, nobody);
  read_programs(ctx, src, books, config, nobody);
  return defaults;
}

// The host's key may be there before the guest: a name without a guest is worth a word, not a refusal to start.
void check_trust_names(Context& ctx, const Node& root, const Config& config) {
  const Node* trust = root.find("trust");
  if (trust == nullptr || trust->table() == nullptr) return;
  const Node::Array* names = View(Section::trust, trust).texts("allowed");
  if (names == nullptr) return;
  for (const Node& n : *names)
    if (std::ranges::find(config.guests, *n.text(), &policy::Guest::name) == config.guests.end())
      ctx.warn(n.place, "there is no guest " + quote(*n.text()) +
                            ": a guest that is given this name later may say trusted = true");
}

}  // namespace

void read_guests(Context& ctx, const Node& root, Books& books, Config& out) {
  const Node* defaults = read_defaults(ctx, root, books, out);
  std::vector<GuestSource> sources;
  for (const Node* table : tables_of(root, "guest")) {
    check_table(ctx, *table, {Section::policy, Section::guest});
    policy::Guest g;
    g.name = books.guests.claim(ctx, *table, Section::guest, static_cast<std::uint16_t>(out.guests.size()));
    sources.push_back({table, defaults, false});
    read_guest(ctx, sources.back(), books, out, g);
    out.guests.push_back(std::move(g));
  }
  check_identities(ctx, sources, out);
  check_source_addresses(ctx, sources, out);
  check_trust_names(ctx, root, out);
}

}  // namespace gatehouse::config
