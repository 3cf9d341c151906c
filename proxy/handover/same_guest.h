// Whether a guest of today is the one that contexts were made for.
#pragma once

#include <string>

#include "proxy/config/config.h"
#include "proxy/handover/saved.h"

namespace gatehouse::handover {

/// identity_text: all that makes a peer this guest, in one form whatever the order in the file: its keys, its listeners
/// by name and address. `guest` is one of `conf`.
std::string identity_text(const config::Config& conf, const policy::Guest& guest);

/// Heir: whether contexts of a saved guest belong to a guest of the same name now.
enum class Heir : std::uint8_t {
  same,
  other,      ///< another uuid, other identity keys, or a listener that is elsewhere
  untrusted,  ///< it has lost its trust
};
Heir heir(const SavedGuest& saved, const config::Config& conf, const policy::Guest& now);

}  // namespace gatehouse::handover
