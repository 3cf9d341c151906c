// What a session says of itself.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proxy/net/peer.h"
#include "proxy/runtime/call_cells.h"

namespace gatehouse::session {

/// Facts: a session as administrators see it. A plain value. Times are milliseconds.
struct Facts {
  std::uint64_t id = 0;
  net::Peer peer;
  std::uint64_t age = 0;
  std::uint64_t idle = 0;
  std::uint64_t calls = 0;    ///< without a reply
  std::uint32_t flavors = 0;  ///< of its calls: bits by runtime::CallFlavor
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::vector<std::string> backends;  ///< that it has links to
};

}  // namespace gatehouse::session
