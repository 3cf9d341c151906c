// From a peer to the guest that the configuration says it is.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "proxy/net/peer.h"
#include "proxy/policy/guest.h"

namespace gatehouse::runtime {

/// GuestIndex: default deny: a peer that no entry names is nobody. Of several entries that match, the one with the
/// most keys is taken, then cid before interface before uid before listener; two entries of equal rank would have
/// the same keys and a listener in common, which the configuration refuses. A reserved CID (0, 1, 2, 4294967295) is
/// taken only by an entry that names it. Immutable; safe for all threads; O(entries that share the peer's cid,
/// interface, uid or listener).
class GuestIndex {
 public:
  explicit GuestIndex(const std::vector<policy::Guest>& guests);

  /// find: index of the guest, or nothing.
  [[nodiscard]] std::optional<std::uint32_t> find(const net::Peer& peer) const;

 private:
  using List = std::vector<std::uint32_t>;
  const std::vector<policy::Guest>& guests_;
  std::unordered_map<std::uint32_t, List> by_cid_;
  std::unordered_map<std::string, List> by_interface_;
  std::unordered_map<std::uint32_t, List> by_uid_;
  std::unordered_map<std::uint32_t, List> by_listener_;
};

}  // namespace gatehouse::runtime
