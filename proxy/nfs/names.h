// Names of NFSv4's operations, and of the statuses that say whose state an id is, for logs.
#pragma once

#include <cstdint>
#include <string_view>

namespace gatehouse::nfs {

/// operation_name: the RFC's name without OP_ ("SEQUENCE"); "ILLEGAL" for a number that no operation has.
std::string_view operation_name(std::uint32_t operation);

/// unknown_state: the RFC's name of a status by which a server says that it does not know a session, client or state
/// id, as it does of another guest's; empty for every other status.
std::string_view unknown_state(std::uint32_t status);

}  // namespace gatehouse::nfs
