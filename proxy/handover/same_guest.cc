#include "proxy/handover/same_guest.h"

#include <algorithm>

namespace gatehouse::handover {
namespace {

// With its length, so that no value can be taken for the next key.
void add(std::string& to, std::string_view key, std::string_view value) {
  to.append(key).append(" ").append(std::to_string(value.size())).append(" ").append(value).append("\n");
}

}  // namespace

std::string identity_text(const config::Config& conf, const policy::Guest& guest) {
  const policy::IdentityKeys& keys = guest.identity;
  std::string out;
  if (keys.cid) add(out, "cid", std::to_string(*keys.cid));
  if (keys.uid) add(out, "uid", std::to_string(*keys.uid));
  if (!keys.interface.empty()) add(out, "interface", keys.interface);
  std::vector<std::string> listeners;
  for (const std::uint16_t index : keys.listeners) {
    const config::Listener& l = conf.listeners[index];
    std::string& one = listeners.emplace_back();
    add(one, "listener", l.name);
    add(one, "at", net::format(l.address));
  }
  std::ranges::sort(listeners);
  for (const std::string& one : listeners) out += one;
  return out;
}

Heir heir(const SavedGuest& saved, const config::Config& conf, const policy::Guest& now) {
  if (saved.uuid != now.uuid || saved.identity != identity_text(conf, now)) return Heir::other;
  return saved.trusted && !now.trusted ? Heir::untrusted : Heir::same;
}

}  // namespace gatehouse::handover
