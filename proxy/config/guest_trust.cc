// Two keys: a guest is trusted when it says so AND [trust] allowed names it. What only a trusted guest may have is an
// error without both, whether it is stated at the guest or falls on it from [defaults].
#include <algorithm>

#include "proxy/config/guests.h"
#include "rpc/names.h"

namespace gatehouse::config {
namespace {

class TrustCheck {
 public:
  TrustCheck(Context& ctx, const GuestSource& src, const policy::Guest& guest) : ctx_(ctx), src_(src), guest_(guest) {}

  /// refuse: `what`, written at `at`, is not for this guest.
  void refuse(Origin origin, const Place& at, const std::string& what) {
    const std::string guest = "guest " + quote(guest_.name);
    static constexpr std::string_view kWay = "say trusted = true there and list the name in [trust] allowed, or ";
    if (origin == Origin::stated)
      ctx_.error(at, guest + " is not trusted, which " + what + " takes: " + std::string(kWay) + "change it");
    else
      ctx_.error(src_.place(), guest + " is not trusted, which " + what + " takes, inherited from [defaults] at " +
                                   at.str() + ": " + std::string(kWay) + "state another value at the guest");
  }

  /// value: refuses the value of `key` when `restricted`.
  void value(std::string_view key, bool restricted, const std::string& shown) {
    const Found f = src_.policy().find(key);
    if (restricted && f && f.origin != Origin::builtin)
      refuse(f.origin, f.node->place, std::string(key) + " = " + shown);
  }

  /// map: refuses a map that gives id 0, at the range that does.
  void map(std::string_view key) {
    const Found f = src_.policy().find(key);
    if (!f || f.origin == Origin::builtin) return;
    for (const Node& entry : *f.node->array()) {
      const auto range = authunix::parse_id_range(*entry.text());
      if (range && range->host == 0)
        refuse(f.origin, entry.place, std::string(key) + " with " + quote(*entry.text()) + ", which gives host id 0,");
    }
  }

  /// sec: refuses AUTH_NONE.
  void sec(Origin origin, const Node* list, const std::string& key) {
    if (list == nullptr) return;
    Context quiet;
    const SecList flavors = read_sec(quiet, *list, key);
    if (flavors.none != nullptr) refuse(origin, flavors.none->place, "\"none\" in " + key);
  }

  /// sec_by_program: AUTH_NONE of single programs. What the guest states of a program hides [defaults]' entry for it.
  void sec_by_program() {
    const auto [stated, inherited] = src_.policy().layers("sec_by_program");
    if (stated != nullptr)
      for (const Member& m : *stated->table()) sec(Origin::stated, &m.value, "sec_by_program." + m.key);
    if (inherited == nullptr || inherited == stated) return;
    for (const Member& m : *inherited->table())
      if (!states(stated, m.key)) sec(Origin::inherited, &m.value, "sec_by_program." + m.key);
  }

 private:
  static bool states(const Node* table, std::string_view key) {
    const auto program = rpc::program_number(key);
    return table != nullptr &&
           std::ranges::any_of(*table->table(), [&](const Member& m) { return rpc::program_number(m.key) == program; });
  }

  Context& ctx_;
  const GuestSource& src_;
  const policy::Guest& guest_;
};

// trusted = true; an error unless [trust] allowed names the guest.
bool read_trusted(Context& ctx, const GuestSource& src, const Config& config, const std::string& name) {
  const Found f = src.policy().find("trusted");
  if (!f || !std::get<bool>(f.node->value)) return false;
  if (std::ranges::find(config.trust_allowed, name) != config.trust_allowed.end()) return true;
  const std::string what =
      "but [trust] allowed does not list it: trust takes both; add the name there or say trusted = false";
  if (f.origin == Origin::stated)
    ctx.error(f.node->place, "guest " + quote(name) + " says trusted = true, " + what);
  else
    ctx.error(src.place(), "guest " + quote(name) + " inherits trusted = true from [defaults] at " +
                               f.node->place.str() + ", " + what);
  return true;  // one mistake, one error: what follows from it is not reported
}

}  // namespace

void check_trust(Context& ctx, const GuestSource& src, const Config& config, policy::Guest& out) {
  out.trusted = read_trusted(ctx, src, config, out.name);
  if (out.trusted) return;
  TrustCheck check(ctx, src, out);
  check.value("squash", out.ids.squash == authunix::Squash::none, "\"none\"");
  check.value("anonuid", out.ids.anonuid == 0, "0");
  check.value("anongid", out.ids.anongid == 0, "0");
  check.value("secure", !out.ids.secure, "false");
  check.map("uid_map");
  check.map("gid_map");
  const Found sec = src.policy().find("sec");
  check.sec(sec.origin, sec.node, "sec");
  check.sec_by_program();
}

}  // namespace gatehouse::config
