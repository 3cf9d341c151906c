#include "proxy/runtime/snapshot.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "proxy/policy/decide.h"

namespace gatehouse::runtime {
namespace {

template <class List>
std::unordered_map<std::string, std::size_t> by_name(const List& list) {
  std::unordered_map<std::string, std::size_t> out;
  for (std::size_t i = 0; i < list.size(); ++i) out.emplace(list[i].name, i);
  return out;
}

bool same_listener(const config::Listener& a, const config::Listener& b) {
  return a.name == b.name && net::format(a.address) == net::format(b.address) && a.rpcbind == b.rpcbind;
}

// The place in `next` of each of `before` that has its name and is the same().
template <class Place, class List, class Same>
std::vector<std::optional<Place>> places(const List& before, const List& next, Same same) {
  const auto names = by_name(next);
  std::vector<std::optional<Place>> out(before.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    const auto at = names.find(before[i].name);
    if (at != names.end() && same(before[i], next[at->second])) out[i] = static_cast<Place>(at->second);
  }
  return out;
}

bool same_vm(const policy::Guest& a, const policy::Guest& b) {
  return a.name == b.name && a.uuid == b.uuid;
}

// Whether whoever was let in as `a` is let in as `b`, and is trusted no less.
bool stays(const policy::Guest& a, const policy::Guest& b, const Change& change) {
  policy::IdentityKeys moved = a.identity;
  moved.listeners.clear();
  for (const std::uint16_t l : a.identity.listeners) {
    if (!change.listeners[l]) return false;
    moved.listeners.push_back(*change.listeners[l]);
  }
  policy::IdentityKeys now = b.identity;
  std::ranges::sort(moved.listeners);
  std::ranges::sort(now.listeners);
  return same_vm(a, b) && moved == now && (b.trusted || !a.trusted);
}

// What guest number `i` of `next` is told; the policy of before where it says the same. A view of rpcbind is made of
// all guests and listeners: a policy that has one is made anew.
std::expected<void, std::string> add_policy(Snapshot& next, std::uint32_t i, const Ground& ground,
                                            std::uint32_t generation, std::shared_ptr<const GuestPolicy> before) {
  const policy::Guest& guest = next.conf.guests[i];
  auto views = rpcbind_views(next.conf, next.index, i);
  if (before != nullptr && before->rpcbind.empty() && views.empty() && before->guest == guest) {
    next.policies.push_back(std::move(before));
    return {};
  }
  auto made = std::make_shared<const GuestPolicy>(guest, ground.secret, generation, std::move(views));
  if (!made->nfs.ready)
    return std::unexpected("OpenSSL makes no keys for the guest " + guest.name + ": is HKDF with SHA-256 there?");
  next.policies.push_back(std::move(made));
  return {};
}

// The names of guests that went, for good or to make room for another VM of that name.
std::vector<std::string> gone(const Snapshot& before, const config::Config& conf) {
  const auto still = places<std::uint32_t>(before.conf.guests, conf.guests, same_vm);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < still.size(); ++i)
    if (!still[i]) out.push_back(before.conf.guests[i].name);
  return out;
}

void add_backends(Snapshot& next, const Snapshot& before, Change& change, std::size_t threads) {
  next.backends.resize(next.conf.backends.size());
  const auto same = [](const config::Backend& a, const config::Backend& b) {
    return net::format(a.address) == net::format(b.address) && a.proxy_protocol == b.proxy_protocol &&
           a.vsock_buffer == b.vsock_buffer;
  };
  change.backends = places<std::uint16_t>(before.conf.backends, next.conf.backends, same);
  for (std::size_t i = 0; i < change.backends.size(); ++i)
    if (change.backends[i]) next.backends[*change.backends[i]] = before.backends[i];
  for (std::size_t i = 0; i < next.backends.size(); ++i)
    if (next.backends[i] == nullptr) next.backends[i] = std::make_shared<BackendState>(next.conf.backends[i], threads);
}

// For people: what became of each guest.
void name_changes(Change& change, const Snapshot& before) {
  const Snapshot& next = *change.next;
  std::vector<bool> carried(next.conf.guests.size());
  const auto names = by_name(next.conf.guests);
  for (std::size_t i = 0; i < before.conf.guests.size(); ++i) {
    const std::string& name = before.conf.guests[i].name;
    const auto to = change.guests[i];
    if (!to) {
      (names.contains(name) ? change.replaced : change.removed).push_back(name);
      continue;
    }
    carried[*to] = true;
    if (!(before.policies[i]->guest == next.policies[*to]->guest)) change.changed.push_back(name);
  }
  const auto had = by_name(before.conf.guests);
  for (std::size_t i = 0; i < carried.size(); ++i)
    if (!carried[i] && !had.contains(next.conf.guests[i].name)) change.added.push_back(next.conf.guests[i].name);
}

}  // namespace

std::expected<std::shared_ptr<Snapshot>, std::string> make_snapshot(config::Config conf, const Ground& ground,
                                                                    const Generations& generations) {
  auto out = std::make_shared<Snapshot>(std::move(conf));
  for (std::uint32_t i = 0; i < out->conf.guests.size(); ++i) {
    const policy::Guest& guest = out->conf.guests[i];
    if (auto made = add_policy(*out, i, ground, generations.of(guest.name), nullptr); !made)
      return std::unexpected(made.error());
    out->guests.push_back(std::make_shared<GuestState>(guest, ground.threads));
  }
  for (const config::Backend& b : out->conf.backends)
    out->backends.push_back(std::make_shared<BackendState>(b, ground.threads));
  return out;
}

std::expected<Change, std::string> make_change(const Snapshot& before, config::Config conf, const Ground& ground,
                                               const Generations& generations) {
  Change change;
  const std::vector<std::string> went = gone(before, conf);
  const std::unordered_set<std::string> raised(went.begin(), went.end());
  change.next = std::make_shared<Snapshot>(std::move(conf));
  Snapshot& next = *change.next;
  next.number = before.number + 1;
  change.listeners = places<std::uint16_t>(before.conf.listeners, next.conf.listeners, same_listener);
  change.guests = places<std::uint32_t>(before.conf.guests, next.conf.guests,
                                        [&](const auto& a, const auto& b) { return stays(a, b, change); });
  add_backends(next, before, change, ground.threads);

  std::vector<std::optional<std::size_t>> from(next.conf.guests.size());
  for (std::size_t i = 0; i < change.guests.size(); ++i)
    if (change.guests[i]) from[*change.guests[i]] = i;
  for (std::uint32_t i = 0; i < from.size(); ++i) {
    const policy::Guest& guest = next.conf.guests[i];
    const std::uint32_t generation = generations.of(guest.name) + (raised.contains(guest.name) ? 1 : 0);
    if (auto made = add_policy(next, i, ground, generation, from[i] ? before.policies[*from[i]] : nullptr); !made)
      return std::unexpected(made.error());
    next.guests.push_back(from[i] ? before.guests[*from[i]] : std::make_shared<GuestState>(guest, ground.threads));
  }
  name_changes(change, before);
  change.went = went;
  return change;
}

void apply(const Snapshot& next) {
  for (std::size_t i = 0; i < next.guests.size(); ++i) next.guests[i]->apply(next.conf.guests[i]);
  for (std::size_t i = 0; i < next.backends.size(); ++i) next.backends[i]->apply(next.conf.backends[i]);
}

bool context_stands(const gss::Identity& identity, const policy::Guest& guest,
                    const std::vector<gss::PrincipalRule>& rules) {
  return policy::principal_allowed(guest, identity.principal) &&
         gss::rule_text(gss::first_match(rules, identity.principal)) == identity.mapped_by;
}

std::size_t retire_contexts(const Snapshot& before, const Change& change,
                            const std::function<void(const GuestState&, const gss::Context&)>& ended) {
  const bool same_rules = before.conf.principals == change.next->conf.principals;
  std::size_t retired = 0;
  for (std::size_t i = 0; i < change.guests.size(); ++i) {
    GuestState& state = *before.guests[i];
    const auto tell = [&](const gss::Context& c) {
      if (ended) ended(state, c);
    };
    const auto to = change.guests[i];
    if (!to) {
      retired += state.contexts.clear(tell);
      continue;
    }
    const policy::Guest& guest = change.next->policies[*to]->guest;
    if (same_rules && before.policies[i]->guest.principals == guest.principals) continue;
    retired += state.contexts.retire_unless(
        [&](const gss::Context& c) { return context_stands(c.identity(), guest, change.next->conf.principals); }, tell);
  }
  return retired;
}

}  // namespace gatehouse::runtime
