#include <algorithm>

#include "proxy/config/guests.h"
#include "proxy/config/units.h"
#include "rpc/names.h"

namespace gatehouse::config {
namespace {

using authunix::GroupStrategy;
using authunix::InsecureAction;
using authunix::Squash;

constexpr Word<Squash> kSquash[] = {{"none", Squash::none}, {"root", Squash::root}, {"all", Squash::all}};
constexpr Word<InsecureAction> kActions[] = {{"reject", InsecureAction::reject}, {"squash", InsecureAction::squash}};
constexpr Word<GroupStrategy> kGroups[] = {
    {"first16", GroupStrategy::first16}, {"primary", GroupStrategy::primary}, {"reject", GroupStrategy::reject}};

// One layer of sec_by_program, over what is there of the layer below.
void read_sec_by_program(Context& ctx, const Node* table, policy::Guest& out) {
  if (table == nullptr) return;
  std::vector<std::uint32_t> here;
  for (const Member& m : *table->table()) {
    const auto program = rpc::program_number(m.key);
    if (!program) {
      ctx.error(m.place, quote(m.key) + " is no program: write a name such as \"nfs\" or \"mountd\", or a number");
      continue;
    }
    if (std::ranges::find(here, *program) != here.end()) {
      ctx.error(m.place,
                "sec_by_program has " + rpc::program_name(*program) + " (" + std::to_string(*program) + ") already");
      continue;
    }
    here.push_back(*program);
    const policy::SecSet set = read_sec(ctx, m.value, "sec_by_program." + m.key).set;
    const auto at = std::ranges::find(out.sec_by_program, *program, &std::pair<std::uint32_t, policy::SecSet>::first);
    if (at == out.sec_by_program.end())
      out.sec_by_program.emplace_back(*program, set);
    else
      at->second = set;
  }
}

void check_port_rule(Context& ctx, const GuestSource& src, const Config& config, const policy::Guest& g) {
  const Found secure = src.policy().find("secure");
  if (!secure || secure.origin != Origin::stated || !g.ids.secure) return;
  if (source_port_known(config, g) == std::optional(false) && g.identity != policy::IdentityKeys{})
    ctx.error(secure.node->place, "guest " + quote(g.name) +
                                      " cannot meet secure = true: its listener has no source ports; "
                                      "leave the key out (uid 0 is squashed unless the guest is trusted)");
}

void read_patterns(Context& ctx, const GuestSource& src, policy::Guest& out) {
  const Found f = src.policy().find("principals");
  if (!f) return;
  for (const Node& pattern : *f.node->array()) {
    check_pattern(ctx, pattern, "principals");
    out.principals.push_back(*pattern.text());
  }
  if (src.is_defaults || f.origin != Origin::stated || out.principals.empty() || out.sec.empty()) return;
  const auto kerberos = [](const auto& by_program) { return by_program.second.has_kerberos(); };
  if (!out.sec.has_kerberos() && std::ranges::none_of(out.sec_by_program, kerberos))
    ctx.warn(f.node->place, "principals has no effect: sec of guest " + quote(out.name) + " lists no Kerberos flavor");
}

}  // namespace

authunix::IdMap read_id_map(Context& ctx, const View& view, std::string_view key) {
  authunix::IdMap map;
  const Node::Array* list = view.texts(key);
  if (list == nullptr) return map;
  for (const Node& entry : *list) {
    const auto range = authunix::parse_id_range(*entry.text());
    if (!range)
      ctx.error(entry.place, quote(*entry.text()) +
                                 " is no range of ids: write \"FIRST-LAST:HOST\" or \"ID:HOST\" below "
                                 "4294967295, for example \"0-65535:100000\"");
    else if (!map.add(*range))
      ctx.error(entry.place, quote(*entry.text()) +
                                 " overlaps a range before it, in the guest's ids or in the host's: two "
                                 "guest ids must not become one");
  }
  return map;
}

SecList read_sec(Context& ctx, const Node& list, std::string_view key) {
  SecList out;
  for (const Node& word : *list.array()) {
    if (const auto sec = policy::parse_sec(*word.text())) {
      out.set.add(*sec);
      if (*sec == policy::Sec::none && out.none == nullptr) out.none = &word;
    } else {
      ctx.error(word.place, quote(*word.text()) + " is no security flavor: write none, sys, krb5, krb5i or krb5p");
    }
  }
  if (list.array()->empty())
    ctx.error(list.place, std::string(key) + " is empty: name at least one of none, sys, krb5, krb5i and krb5p");
  return out;
}

void read_rules(Context& ctx, const GuestSource& src, const Config& config, policy::Guest& out) {
  const View v = src.policy();
  authunix::Rules& ids = out.ids;
  if (const Found f = v.find("sec")) out.sec = read_sec(ctx, *f.node, "sec").set;
  const auto [stated, inherited] = v.layers("sec_by_program");
  read_sec_by_program(ctx, inherited, out);
  read_sec_by_program(ctx, stated, out);
  read_patterns(ctx, src, out);
  ids.squash = choose(ctx, v, "squash", kSquash, ids.squash);
  ids.anonuid = v.u32("anonuid", ids.anonuid);
  ids.anongid = v.u32("anongid", ids.anongid);
  ids.secure = v.boolean("secure").value_or(true);
  ids.insecure_action = choose(ctx, v, "insecure_action", kActions, ids.insecure_action);
  ids.groups = choose(ctx, v, "groups", kGroups, ids.groups);
  ids.uid_map = read_id_map(ctx, v, "uid_map");
  ids.gid_map = v.find("gid_map") ? read_id_map(ctx, v, "gid_map") : ids.uid_map;
  if (src.is_defaults) return;
  check_port_rule(ctx, src, config, out);
  check_trust(ctx, src, config, out);
}

}  // namespace gatehouse::config
