// What each guest is shown by each listener with rpcbind = true.
#pragma once

#include "proxy/config/config.h"
#include "proxy/rpcbind/view.h"
#include "proxy/runtime/guest_index.h"

namespace gatehouse::runtime {

/// RpcbindView: what one guest is shown by the listener of that index.
struct RpcbindView {
  std::uint16_t listener = 0;
  rpcbind::View view;
};

/// rpcbind_views: the views of guest number `guest` of `c`, one for each listener with rpcbind = true that it can come
/// by. Shown are the guest's programs at each listener that would take the guest for itself, those of the asked
/// listener's kind first, and rpcbind at the asked one. What a systemd listener is shows only when its socket is there:
/// it is left out.
std::vector<RpcbindView> rpcbind_views(const config::Config& c, const GuestIndex& index, std::uint32_t guest);

}  // namespace gatehouse::runtime
