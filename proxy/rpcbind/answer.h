// The answers of rpcbind, versions 2 to 4 (RFC 1833), from a guest's view.
#pragma once

#include "proxy/rpcbind/view.h"
#include "rpc/xdr.h"

namespace gatehouse::rpcbind {

/// kMaxAnswer: bytes of the longest results: a list of kMaxListed entries with every string at its longest.
inline constexpr std::size_t kMaxAnswer = 4 + kMaxListed * (12 + 3 * 4 + 8 + kMaxUaddr + 12 + 4);

/// kMaxString: the longest string that arguments may have.
inline constexpr std::uint32_t kMaxString = 255;

/// Outcome: what came of a call. The word of RFC 5531 for the last two is PROC_UNAVAIL and GARBAGE_ARGS.
enum class Outcome : std::uint8_t { answered, no_procedure, bad_arguments };

/// Answer: `results` views the memory that was given; empty unless answered.
struct Answer {
  Outcome outcome = Outcome::no_procedure;
  rpc::Bytes results;
};

/// answer: the results of `procedure` of version 2, 3 or 4 with `args`, into `out` of at least kMaxAnswer bytes; `now`
/// is the time in seconds since 1970, for GETTIME. Arguments are taken whole or not at all: what follows them, and
/// strings of more than kMaxString bytes, are bad. SET, UNSET, CALLIT, BCAST, INDIRECT and GETSTAT are no procedures
/// here. Reads hostile bytes; never allocates; safe for all threads.
Answer answer(const View& view, std::uint32_t version, std::uint32_t procedure, rpc::Bytes args, std::uint32_t now,
              std::span<std::uint8_t> out);

}  // namespace gatehouse::rpcbind
