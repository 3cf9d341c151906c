// Sealed memory: a file without a name or a disk, which nobody can change any more.
#pragma once

#include <expected>
#include <string>

#include "gss/acceptors/wiped.h"
#include "proxy/net/fd.h"
#include "rpc/xdr.h"

namespace gatehouse::handover {

/// make_memory: an empty memfd; none (errno) when the kernel refuses.
net::UniqueFd make_memory();
/// append: writes all bytes at the end; false: errno.
bool append(int memory, rpc::Bytes bytes);
/// seal_memory: nobody can change it from now on, in content or in size; false: errno.
bool seal_memory(int memory);
/// read_memory: all of it, if it is sealed memory of at most `most` bytes; error: what is wrong with it.
std::expected<gss::WipedBytes, std::string> read_memory(int memory, std::size_t most);

}  // namespace gatehouse::handover
