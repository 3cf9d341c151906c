// Bytes from socket to socket inside the kernel.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "proxy/net/fd.h"

namespace gatehouse::session {

/// Pipe: a pipe and how many bytes are in it.
struct Pipe {
  net::UniqueFd read_end;
  net::UniqueFd write_end;
  std::size_t bytes = 0;
};

/// PipePool: a worker's pipes. Each costs two descriptors and up to a MiB of kernel memory, so there are few; who gets
/// none copies. Not thread-safe.
class PipePool {
 public:
  /// get: an empty pipe, or null when all are in use or none can be made.
  std::unique_ptr<Pipe> get();
  /// put: gives an empty pipe back; one that is not empty is closed.
  void put(std::unique_ptr<Pipe> pipe);

 private:
  static constexpr std::size_t kMost = 32;
  std::vector<std::unique_ptr<Pipe>> idle_;
  std::size_t made_ = 0;
};

/// Moved: how a step of splicing ended.
enum class Moved : std::uint8_t {
  all,           ///< everything asked for is in the pipe's other end
  source_empty,  ///< the source has no more for now
  target_full,   ///< bytes wait in the pipe until the target can be written
  ended,         ///< end of file
  refused,       ///< this kind of socket does not splice, and nothing was moved: copy
  failed,
};

/// splice_in: moves up to `want` bytes from socket `from` into `pipe` (empty before). Adds to pipe.bytes.
Moved splice_in(int from, Pipe& pipe, std::size_t want);
/// splice_out: moves the pipe's bytes to socket `to`; `more`: further bytes of the record will follow.
Moved splice_out(Pipe& pipe, int to, bool more);

}  // namespace gatehouse::session
