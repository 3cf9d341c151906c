// Names of programs and procedures, for configuration, logs and explain.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::rpc {

/// program_number: the number of a program known by name ("nfs", "mountd", "rpcbind", "nfs_acl", "nlockmgr",
/// "status", the names of rpc(5) and their usual aliases) or written as a decimal number; nothing when it is neither.
std::optional<std::uint32_t> program_number(std::string_view name);

/// program_name: the name of rpc(5), or the decimal number of a program without one here.
std::string program_name(std::uint32_t program);

/// procedure_number: the number of a procedure of `program` and `version` by its RFC name without prefix, in any case
/// ("getattr", "mnt", "callit"), or a decimal number; nothing when it is neither.
std::optional<std::uint32_t> procedure_number(std::uint32_t program, std::uint32_t version, std::string_view name);

/// procedure_name: the RFC's name in capitals ("GETATTR"), or the decimal number.
std::string procedure_name(std::uint32_t program, std::uint32_t version, std::uint32_t procedure);

}  // namespace gatehouse::rpc
