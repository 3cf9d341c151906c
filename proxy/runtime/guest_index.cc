#include "proxy/runtime/guest_index.h"

#include <algorithm>
#include <bit>

namespace gatehouse::runtime {
namespace {

enum : unsigned { kListener = 1, kUid = 2, kInterface = 4, kCid = 8 };

// The stated keys as bits, or 0 when one of them does not match.
unsigned match(const policy::IdentityKeys& keys, const net::Peer& peer) {
  unsigned stated = 0;
  bool all = true;
  const auto key = [&](unsigned bit, bool is_stated, bool matches) {
    if (!is_stated) return;
    stated |= bit;
    all = all && matches;
  };
  key(kCid, keys.cid.has_value(), keys.cid == peer.cid);
  key(kInterface, !keys.interface.empty(), keys.interface == peer.interface);
  key(kUid, keys.uid.has_value(), keys.uid == peer.uid);
  key(kListener, !keys.listeners.empty(), std::ranges::find(keys.listeners, peer.listener) != keys.listeners.end());
  if (peer.cid && net::is_reserved_cid(*peer.cid) && (stated & kCid) == 0) return 0;
  return all ? stated : 0;
}

unsigned rank(unsigned keys) {
  return static_cast<unsigned>(std::popcount(keys)) * 16 + keys;
}

}  // namespace

GuestIndex::GuestIndex(const std::vector<policy::Guest>& guests) : guests_(guests) {
  // Each entry stands in the list of its most telling key.
  for (std::uint32_t i = 0; i < guests.size(); ++i) {
    const policy::IdentityKeys& keys = guests[i].identity;
    if (keys.cid) {
      by_cid_[*keys.cid].push_back(i);
    } else if (!keys.interface.empty()) {
      by_interface_[keys.interface].push_back(i);
    } else if (keys.uid) {
      by_uid_[*keys.uid].push_back(i);
    } else {
      for (const std::uint16_t listener : keys.listeners) by_listener_[listener].push_back(i);
    }
  }
}

std::optional<std::uint32_t> GuestIndex::find(const net::Peer& peer) const {
  std::optional<std::uint32_t> best;
  unsigned best_rank = 0;
  const auto look = [&](const auto& map, const auto& value) {
    const auto at = map.find(value);
    if (at == map.end()) return;
    for (const std::uint32_t i : at->second) {
      const unsigned keys = match(guests_[i].identity, peer);
      if (keys != 0 && rank(keys) > best_rank) {
        best = i;
        best_rank = rank(keys);
      }
    }
  };
  if (peer.cid) look(by_cid_, *peer.cid);
  if (!peer.interface.empty()) look(by_interface_, peer.interface);
  if (peer.uid) look(by_uid_, *peer.uid);
  look(by_listener_, std::uint32_t{peer.listener});
  return best;
}

}  // namespace gatehouse::runtime
