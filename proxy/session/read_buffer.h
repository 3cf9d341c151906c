// One worker's buffer to read into.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "rpc/xdr.h"

namespace gatehouse::session {

/// ReadBuffer: every connection of a worker reads into it, in turn; what cannot be used at once is kept by the
/// connection (at most a header) and stands in front of the next bytes. Not thread-safe.
class ReadBuffer {
 public:
  /// kHeadroom: the most that a connection may bring along.
  static constexpr std::size_t kHeadroom = 1024;

  enum class Status : std::uint8_t { data, would_block, ended, failed };
  struct Result {
    Status status = Status::would_block;
    rpc::Bytes bytes;       ///< what was brought along, then what was read; valid until the next fill
    std::size_t fresh = 0;  ///< bytes read now
    bool drained = false;   ///< the read was short: the socket has no more for now
  };

  /// fill: one read from `fd` behind `prefix` (at most kHeadroom bytes). Reads 64 KiB, and 256 KiB as long as reads
  /// fill it.
  Result fill(int fd, rpc::Bytes prefix);
  /// read: one read from `fd` into memory of the caller's, which is not empty.
  static Result read(int fd, std::span<std::uint8_t> into);

 private:
  static constexpr std::size_t kSmall = std::size_t{64} * 1024;
  static constexpr std::size_t kLarge = std::size_t{256} * 1024;
  std::unique_ptr<std::uint8_t[]> memory_ = std::make_unique_for_overwrite<std::uint8_t[]>(kHeadroom + kLarge);
  std::size_t want_ = kSmall;
};

}  // namespace gatehouse::session
