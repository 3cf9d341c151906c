// What the NFS messages of one guest are changed with.
#pragma once

#include <array>

#include "proxy/nfs/rewrite.h"
#include "proxy/policy/guest.h"

namespace gatehouse::runtime {

/// GuestNfs: keys and rules of one guest, made once from its policy and the gateway's secret. The rules view the guest,
/// which must outlive this, and this itself, which stays where it is. Thread-safe: constant once made.
class GuestNfs {
  nfs::GuestKeys keys_;
  std::array<nfs::Flavor, nfs::kMostFlavors> flavors_{};

 public:
  /// GuestNfs: `secret` has at least nfs::kSecretSize bytes, and is not kept. `generation`: how often a guest of this
  /// name went: each has keys of its own.
  GuestNfs(const policy::Guest& guest, rpc::Bytes secret, std::uint32_t generation = 0);
  GuestNfs(const GuestNfs&) = delete;
  GuestNfs& operator=(const GuestNfs&) = delete;

  /// ready: false: no keys could be derived. The guest may not be served then.
  const bool ready;
  /// rules: for nfs::Rewrite and its like.
  const nfs::Rules rules;
};

}  // namespace gatehouse::runtime
