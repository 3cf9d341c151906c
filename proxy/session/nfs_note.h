// What a session must remember of an NFS call until its reply is here.
#pragma once

#include "proxy/nfs/rewrite3.h"

namespace gatehouse::session {

/// NfsKind: what the arguments or results of a call are, as far as the gateway may change them.
enum class NfsKind : std::uint8_t {
  other,     ///< they go on as they are
  compound,  ///< NFSv4, or a callback of it
  version3,  ///< NFSv3 and its kin
  mount,     ///< MOUNT of any version
};

/// NfsNote: one call's. A plain value.
struct NfsNote {
  NfsKind kind = NfsKind::other;
  bool reply = false;       ///< whether the results are looked at, too
  bool unbindable = false;  ///< file handles of this version cannot be bound, as the guest's must be
  nfs::Procedure3 procedure{nfs::Program3::nfs, 0};
  nfs::CallNote call;  ///< of a compound
  friend bool operator==(const NfsNote&, const NfsNote&) = default;
};

}  // namespace gatehouse::session
