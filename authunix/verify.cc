#include "authunix/verify.h"

#include <algorithm>

namespace gatehouse::authunix {
namespace {

Outcome anonymous(const Rules& rules, Outcome why, Credential& out) {
  out = {};
  out.uid = rules.anonuid;
  out.gid = rules.anongid;
  return why;
}

// Squash and map of one id. The outcome of the first id that was replaced is the one reported.
struct IdRule {
  const IdMap* map;  // null: ids are host ids already
  std::uint32_t anon;
  bool squash_root;

  std::uint32_t apply(std::uint32_t id, Outcome& outcome) const {
    const auto note = [&](Outcome o) {
      if (outcome == Outcome::taken) outcome = o;
      return anon;
    };
    if (id == kNoId) return note(Outcome::unmapped);
    if (id == 0 && squash_root) return note(Outcome::squashed_root);
    if (map == nullptr) return id;
    const auto mapped = map->map(id);
    return mapped ? *mapped : note(Outcome::unmapped);
  }
};

Outcome apply_rules(std::uint32_t uid, std::uint32_t gid, std::span<const std::uint32_t> groups, const Rules& rules,
                    const IdRule& uids, const IdRule& gids, Credential& out) {
  if (rules.squash == Squash::all) return anonymous(rules, Outcome::squashed_all, out);
  if (rules.groups == GroupStrategy::reject && groups.size() > rpc::kMaxGids) return Outcome::too_many_groups;
  Outcome outcome = Outcome::taken;
  out.uid = uids.apply(uid, outcome);
  out.gid = gids.apply(gid, outcome);
  const std::size_t keep =
      rules.groups == GroupStrategy::primary ? 0 : std::min<std::size_t>(groups.size(), rpc::kMaxGids);
  out.gid_count = static_cast<std::uint32_t>(keep);
  for (std::size_t i = 0; i < keep; ++i) out.gids[i] = gids.apply(groups[i], outcome);
  return outcome;
}

}  // namespace

Outcome verify_sys(const rpc::AuthSys& claim, std::optional<std::uint32_t> port, const Rules& rules, Credential& out) {
  if (rules.secure && port_is_insecure(port)) {
    if (rules.insecure_action == InsecureAction::reject) return Outcome::insecure_port;
    return anonymous(rules, Outcome::squashed_port, out);
  }
  const bool squash_root = rules.squash == Squash::root;
  return apply_rules(claim.uid, claim.gid, claim.groups(), rules, {&rules.uid_map, rules.anonuid, squash_root},
                     {&rules.gid_map, rules.anongid, squash_root}, out);
}

Outcome squash_ids(std::uint32_t uid, std::uint32_t gid, std::span<const std::uint32_t> groups, const Rules& rules,
                   Credential& out) {
  const bool squash_root = rules.squash == Squash::root;
  return apply_rules(uid, gid, groups, rules, {nullptr, rules.anonuid, squash_root},
                     {nullptr, rules.anongid, squash_root}, out);
}

}  // namespace gatehouse::authunix
