// The parts of a [[guest]], for guests.cc.
#pragma once

#include "proxy/config/sections.h"

namespace gatehouse::config {

/// GuestSource: where one guest is written. For the check of [defaults] by itself `table` is [defaults] and
/// `is_defaults` is set: what concerns a guest as a whole is then not asked.
struct GuestSource {
  const Node* table = nullptr;
  const Node* defaults = nullptr;
  bool is_defaults = false;

  [[nodiscard]] View policy() const { return {Section::policy, table, defaults}; }
  [[nodiscard]] View own() const { return {Section::guest, is_defaults ? nullptr : table}; }
  [[nodiscard]] const Place& place() const { return table->place; }
};

/// read_identity: name is set already; cid, listener, interface, uid and uuid.
void read_identity(Context& ctx, const GuestSource& src, const Books& books, const Config& config, policy::Guest& out);
/// check_identities: guests that one peer could both be.
void check_identities(Context& ctx, const std::vector<GuestSource>& sources, const Config& config);

/// read_rules: sec, principals, squash, ids, port rule and trust.
void read_rules(Context& ctx, const GuestSource& src, const Config& config, policy::Guest& out);

/// read_limits: after read_rules: what a limit must hold depends on the flavors.
void read_limits(Context& ctx, const GuestSource& src, policy::Guest& out);

/// read_nfs: what is changed in NFS messages, but that client_owners unstated is told by resolve_nfs.
void read_nfs(Context& ctx, const GuestSource& src, policy::NfsRules& out);
/// resolve_nfs: after all guests: what depends on who shares a server with whom.
void resolve_nfs(Context& ctx, const std::vector<GuestSource>& sources, Config& out);

/// read_id_map: a map of id ranges; reports what is no range and what overlaps.
authunix::IdMap read_id_map(Context& ctx, const View& view, std::string_view key);
/// SecList: flavors as read, and where "none" stands among them.
struct SecList {
  policy::SecSet set;
  const Node* none = nullptr;
};
/// read_sec: a list of flavors; reports unknown ones and an empty list.
SecList read_sec(Context& ctx, const Node& list, std::string_view key);

/// check_trust: the two keys, and what takes both of them. Settings of `out` are read already.
void check_trust(Context& ctx, const GuestSource& src, const Config& config, policy::Guest& out);

/// read_programs: backends, and programs narrowing them.
void read_programs(Context& ctx, const GuestSource& src, const Books& books, const Config& config, policy::Guest& out);

/// read_source_address: stated or derived; after read_programs.
void read_source_address(Context& ctx, const GuestSource& src, const Config& config, policy::Guest& out);
/// check_source_addresses: guests with one address.
void check_source_addresses(Context& ctx, const std::vector<GuestSource>& sources, const Config& config);

}  // namespace gatehouse::config
