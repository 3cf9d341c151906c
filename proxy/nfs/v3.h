// NFSv3 and MOUNT version 3 (RFC 1813), and NFSACL: where file handles are, what changes something, and how a procedure
// says no.
#pragma once

#include <cstdint>
#include <span>

#include "proxy/nfs/field.h"
#include "rpc/xdr.h"

namespace gatehouse::nfs {

/// Program3: programs of NFSv3's family, by their numbers.
enum class Program3 : std::uint32_t { nfs = 100003, mount = 100005, acl = 100227 };

inline constexpr std::uint32_t kMountMnt = 1;  ///< MOUNTPROC3_MNT

/// arguments3: the procedure's arguments, as far as handles are in them; MNT's: its path. Null: there is none in them,
/// or no such procedure.
const Shape* arguments3(Program3 program, std::uint32_t procedure);
/// results3: the results of a procedure that gives out handles, or flavors. Null: it gives none.
const Shape* results3(Program3 program, std::uint32_t procedure);

/// changes3: whether the procedure changes something.
bool changes3(Program3 program, std::uint32_t procedure);

/// Status3: what the gateway says itself (RFC 1813 section 2.6).
enum class Status3 : std::uint32_t { rofs = 30, stale = 70, server_fault = 10006 };

/// kMostFailure3: bytes of the longest failure.
inline constexpr std::size_t kMostFailure3 = 20;

/// failure3: the results of the procedure when it fails: the status, and no attributes where there could be some. A
/// view of `out`; empty: there is no such procedure, or it cannot fail.
rpc::Bytes failure3(Program3 program, std::uint32_t procedure, Status3 status,
                    std::span<std::uint8_t, kMostFailure3> out);

}  // namespace gatehouse::nfs
