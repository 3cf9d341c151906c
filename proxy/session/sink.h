// The writing side of a socket, and the gathering of many records into one send.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "proxy/session/buffer_pool.h"
#include "rpc/xdr.h"

namespace gatehouse::session {

/// Sink: sends to a non-blocking socket; what the socket does not take waits here, in order, in buffers of the worker's
/// pool, which outlives it. A sink without a socket
/// yet (a link that is connecting) keeps everything. While something waits the socket is watched for writability
/// (EPOLLOUT is registered only then: a unix socket would otherwise wake us whenever its peer reads). Not thread-safe.
class Sink {
 public:
  explicit Sink(BufferPool& pool) : pool_(pool) {}

  /// attach: sends to `fd` from now on, which stands in epoll set `epoll` with `tag` as its data; tries what waits.
  void attach(int fd, int epoll, void* tag);
  void detach();

  /// send: sends `count` pieces after whatever waits.
  void send(iovec* pieces, std::size_t count);
  /// send_owned: sends [from, to) of `buffer` after whatever waits, and takes the buffer: what the socket does not take
  /// waits where it is.
  void send_owned(Buffer buffer, std::size_t from, std::size_t to);
  /// on_writable: sends what waits.
  void on_writable();
  /// wait_writable: somebody else (splice) found the socket full: watch it until it is not.
  void wait_writable();

  /// fail: somebody else found the socket broken.
  void fail() { failed_ = true; }

  /// blocked: something waits; who produces for this sink stops reading.
  [[nodiscard]] bool blocked() const { return waiting_; }
  /// failed: the socket is broken; errno is gone, nothing more can be sent.
  [[nodiscard]] bool failed() const { return failed_; }
  /// pending: bytes that wait.
  [[nodiscard]] std::size_t pending() const { return pending_; }

 private:
  /// Chunk: a buffer of which [begin, end) waits.
  struct Chunk {
    Buffer buffer;
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  std::size_t send_now(iovec* pieces, std::size_t count);
  void keep(rpc::Bytes bytes);
  void drop_chunks();
  void watch(bool writable);

  BufferPool& pool_;

  int fd_ = -1;
  int epoll_ = -1;
  void* tag_ = nullptr;
  bool waiting_ = false;
  bool watched_ = false;
  bool failed_ = false;
  std::size_t pending_ = 0;
  std::vector<Chunk> chunks_;
};

/// Batch: gathers pieces for one sink and sends them with one system call. Small pieces are copied together, large ones
/// are referred to and must stay valid until the flush. One a worker; not thread-safe.
class Batch {
 public:
  /// kMostRoom: the largest piece that room() and copy() take.
  static constexpr std::size_t kMostRoom = std::size_t{64} * 1024;
  /// kCopyUpTo: the largest piece that is better copied than referred to.
  static constexpr std::size_t kCopyUpTo = 2048;

  Batch() : scratch_(std::make_unique<std::uint8_t[]>(kMostRoom)) {}

  /// to: further pieces go to `sink`; what was gathered for another one is sent first.
  void to(Sink& sink) {
    if (target_ == &sink) return;
    flush();
    target_ = &sink;
  }
  /// put: a piece, copied if it is small.
  void put(rpc::Bytes piece) {
    if (piece.size() <= kCopyUpTo) return copy(piece);
    copying_ = false;
    append(piece.data(), piece.size());
  }
  /// put: a piece that will not stay valid, and one behind it.
  void put(rpc::Bytes copied, rpc::Bytes piece) {
    if (copied.size() + piece.size() <= kCopyUpTo) {
      rpc::copy_bytes(piece, rpc::copy_bytes(copied, room(copied.size() + piece.size())));
    } else {
      copy(copied);
      put(piece);
    }
  }
  /// copy: a piece that will not stay valid.
  void copy(rpc::Bytes piece) {
    if (!piece.empty()) std::memcpy(room(piece.size()).data(), piece.data(), piece.size());
  }
  /// room: `size` bytes (at most kMostRoom) of the piece to come, to be filled before anything else is put.
  std::span<std::uint8_t> room(std::size_t size) {
    if (size > kScratch - used_) flush();
    std::uint8_t* const at = scratch_.get() + used_;
    used_ += size;
    if (copying_) {
      pieces_[count_ - 1].iov_len += size;
    } else {
      append(at, size);
      copying_ = true;
    }
    return {at, size};
  }
  /// discard: forgets what was gathered, when its sink is about to die.
  void discard() {
    count_ = used_ = 0;
    copying_ = false;
    target_ = nullptr;
  }
  /// finish: sends what was gathered and lets go of the sink, which may then die.
  void finish() {
    flush();
    target_ = nullptr;
  }

 private:
  static constexpr std::size_t kScratch = kMostRoom;
  static constexpr std::size_t kPieces = 64;
  void append(const std::uint8_t* data, std::size_t size);
  void flush();

  std::unique_ptr<std::uint8_t[]> scratch_;
  std::size_t used_ = 0;
  std::array<iovec, kPieces> pieces_{};
  std::size_t count_ = 0;
  bool copying_ = false;  ///< the last piece ends where the scratch memory is free
  Sink* target_ = nullptr;
};

}  // namespace gatehouse::session
