// Groups of the system that a configuration names.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

namespace gatehouse::config {

/// group_id: the number of the system's group `name`; else what to do about it: there is no such group, or the system's
/// accounts cannot be asked. Asks the name services, which may take as long as they do.
std::expected<std::uint32_t, std::string> group_id(const std::string& name);

}  // namespace gatehouse::config
