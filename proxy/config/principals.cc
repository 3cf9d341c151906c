#include <algorithm>

#include "proxy/config/sections.h"

namespace gatehouse::config {
namespace {

bool control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// What is wrong with a pattern; empty: nothing. Principals are compared as they are displayed: with their realm, and
// with control characters written as a backslash and a letter.
std::string fault_of(std::string_view pattern) {
  if (pattern.empty()) return "is empty: write a principal, for example \"host/*@EXAMPLE.COM\"";
  if (std::ranges::any_of(pattern, control)) return "can match nobody: no principal shows control characters";
  if (!pattern.contains('@') && !pattern.contains('*'))
    return "can match nobody: a principal has a realm; write for example \"alice@EXAMPLE.COM\" or \"alice@*\"";
  return {};
}

// Without the primary group and without repetitions, so that none takes one of AUTH_SYS's 16 places twice.
gss::Ids read_ids(const Node& map) {
  const View v(Section::principal_ids, &map);
  gss::Ids ids{v.u32("uid", 0), v.u32("gid", 0), {}};
  const Node::Array* groups = v.texts("groups");
  if (groups == nullptr) return ids;
  for (const Node& g : *groups) {
    const auto gid = static_cast<std::uint32_t>(std::get<std::int64_t>(g.value));
    if (gid != ids.gid && std::ranges::find(ids.groups, gid) == ids.groups.end()) ids.groups.push_back(gid);
  }
  return ids;
}

// The name goes to the system's accounts as it is.
bool account_name(std::string_view s) {
  return std::ranges::none_of(s, [](char c) { return control(c) || c == ':'; });
}

void read_map(Context& ctx, const Node& map, gss::PrincipalRule& rule) {
  if (map.text() == nullptr)
    rule.map = read_ids(map);
  else if (*map.text() == "deny")
    rule.map = gss::PrincipalRule::Deny{};
  else if (map.text()->empty())
    ctx.error(map.place, "map is empty: write a local account, ids or \"deny\"");
  else if (!account_name(*map.text()))
    ctx.error(map.place, "map is " + quote(*map.text()) + ": no account has such a name");
  else
    rule.map = *map.text();
}

// The patterns of the rules so far.
class Taken {
 public:
  // warn: says so if nothing is left for `match`. A pattern taken as text, stars and all, that an earlier pattern
  // matches is one of which nothing is left: whatever its stars stand for, the earlier one's stars stand for, too.
  void warn(Context& ctx, const Node& match) const {
    if (const auto same = all_.find(*match.text()); same != all_.end())
      return warn(ctx, match, same->first, same->second);
    for (const Node* earlier : with_stars_)
      if (gss::principal_matches(*earlier->text(), *match.text()))
        return warn(ctx, match, *earlier->text(), earlier->place);
  }
  void add(const Node& match) {
    all_.try_emplace(*match.text(), match.place);
    if (match.text()->contains('*')) with_stars_.push_back(&match);
  }

 private:
  static void warn(Context& ctx, const Node& match, const std::string& earlier, const Place& at) {
    ctx.warn(match.place, "this rule is never reached: the one for " + quote(earlier) + " at " + at.str() +
                              " takes all that it could match");
  }
  std::map<std::string, Place> all_;
  std::vector<const Node*> with_stars_;
};

}  // namespace

void read_principals(Context& ctx, const Node& root, Config& out) {
  Taken taken;
  for (const Node* table : tables_of(root, "principal")) {
    check_table(ctx, *table, {Section::principal});
    const View v(Section::principal, table);
    gss::PrincipalRule rule{v.text_or("match", ""), {}};
    if (const Found f = v.find("match")) {
      check_pattern(ctx, *f.node, "match");
      taken.warn(ctx, *f.node);
      taken.add(*f.node);
    }
    if (const Found f = v.find("map")) read_map(ctx, *f.node, rule);
    out.principals.push_back(std::move(rule));
  }
}

void check_pattern(Context& ctx, const Node& pattern, std::string_view key) {
  const std::string& text = *pattern.text();
  const std::string fault = fault_of(text);
  if (fault.empty()) return;
  ctx.error(pattern.place, (text.empty() ? std::string(key) : quote(text) + " in " + std::string(key)) + ' ' + fault);
}

}  // namespace gatehouse::config
