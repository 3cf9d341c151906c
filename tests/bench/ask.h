#pragma once

#include <expected>
#include <string>
#include <vector>

#include "tests/bench/net.h"
#include "tests/bench/wire.h"

namespace gatehouse::bench {

// ask sends a call (mark included) and waits for its reply's record, mark included: at least kLeastReply bytes. At most
// ten seconds for each step; the error is one line for the user.
std::expected<std::vector<std::uint8_t>, std::string> ask(const Fd& fd, Bytes call);

}  // namespace gatehouse::bench
