#include "proxy/config/guests.h"

#include <algorithm>

namespace gatehouse::config {
namespace {

void read_guest(Context& ctx, const GuestSource& src, const Books& books, const Config& config, policy::Guest& g) {
  read_identity(ctx, src, books, config, g);
  read_rules(ctx, src, config, g);
  read_nfs(ctx, src, g.nfs);
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
  read_nfs(ctx, src, nobody.nfs);
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
  resolve_nfs(ctx, sources, out);
}

}  // namespace gatehouse::config
