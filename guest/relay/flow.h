// One direction of a connection: bytes from one socket to another.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "proxy/session/pipe.h"

namespace gatehouse::guest {

/// Buffer: bytes that were read and not yet written.
struct Buffer {
  static constexpr std::size_t kBytes = 64 * 1024;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::array<std::uint8_t, kBytes> bytes;
};

/// Stores: the buffers and pipes that all flows share. A flow has one only while bytes wait in it: an idle connection
/// has none. The one that was used last, whose memory the caches still hold, is used next. Not thread-safe.
class Stores {
 public:
  std::unique_ptr<Buffer> get();
  void put(std::unique_ptr<Buffer> buffer);
  session::PipePool pipes;

 private:
  static constexpr std::size_t kIdle = 4;
  std::vector<std::unique_ptr<Buffer>> idle_;
};

/// Flow: moves bytes from one socket to another until the first ends. Sockets are non-blocking
/// and watched edge-triggered: pump() goes on until one of them makes it wait. Not thread-safe.
class Flow {
 public:
  /// Outcome: why pump() came back.
  enum class Outcome : std::uint8_t {
    source_dry,     ///< everything that came was passed on: come back when there is more
    target_full,    ///< bytes wait here: come back when the target can be written
    turn_over,      ///< much was moved and there is more: let others have their turn, then come back
    ended,          ///< the source ended, and all was passed on; its end is the caller's to pass on
    source_failed,  ///< the source was reset; what came before is lost or passed on
    target_failed,  ///< the target takes no more: what waited here is lost
  };

  /// Ends: the two sockets, and whether a read that returns less than it might says that the source is dry. On a unix
  /// socket it does not: a message with descriptors ends a read early.
  struct Ends {
    int from = -1;
    int to = -1;
    bool short_read_is_dry = true;
  };

  /// pump: moves what can be moved. Do not call it after `ended` or a failure.
  Outcome pump(const Ends& ends, Stores& stores);
  /// release: drops the bytes that wait here and gives back what held them.
  void release(Stores& stores);
  /// heard: whether the source has ever said anything.
  [[nodiscard]] bool heard() const { return heard_; }

 private:
  enum class Step : std::uint8_t { moved, source_dry, target_full, ended, source_failed, target_failed };
  Step write_out(int to, Stores& stores);
  Step send_buffer(int to, Stores& stores);
  Step read_in(const Ends& ends, Stores& stores);
  Step splice_in(const Ends& ends, Stores& stores);

  std::unique_ptr<Buffer> buffer_;
  std::unique_ptr<session::Pipe> pipe_;
  bool source_dry_ = false;  // the last read took all there was
  bool splice_ = false;      // the last read filled its buffer: this is bulk, which never enters this process
  bool heard_ = false;
  bool no_splice_ = false;  // the sockets refused
  std::size_t moved_ = 0;   // in this turn
};

}  // namespace gatehouse::guest
