// The writing side of a socket, and the gathering of many records into one send.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "rpc/xdr.h"

namespace gatehouse::session {

/// Sink: sends to a non-blocking socket; what the socket does not take waits here, in order. A sink without a socket
/// yet (a link that is connecting) keeps everything. While something waits the socket is watched for writability
/// (EPOLLOUT is registered only then: a unix socket would otherwise wake us whenever its peer reads). Not thread-safe.
class Sink {
 public:
  /// attach: sends to `fd` from now on, which stands in epoll set `epoll` with `tag` as its data; tries what waits.
  void attach(int fd, int epoll, void* tag);
  void detach();

  /// send: sends `count` pieces after whatever waits.
  void send(iovec* pieces, std::size_t count);
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
  [[nodiscard]] std::size_t pending() const { return pending_.size() - sent_; }

 private:
  void keep(const iovec* pieces, std::size_t count, std::size_t skip);
  void watch(bool writable);

  int fd_ = -1;
  int epoll_ = -1;
  void* tag_ = nullptr;
  bool waiting_ = false;
  bool watched_ = false;
  bool failed_ = false;
  std::size_t sent_ = 0;
  std::vector<std::uint8_t> pending_;
};

/// Batch: gathers pieces for one sink and sends them with one system call. Small pieces are copied together, large ones
/// are referred to and must stay valid until the flush. One a worker; not thread-safe.
class Batch {
 public:
  Batch() : scratch_(std::make_unique<std::uint8_t[]>(kScratch)) {}

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
  /// copy: a piece that will not stay valid.
  void copy(rpc::Bytes piece) {
    if (piece.empty()) return;
    if (piece.size() > kScratch - used_) flush();
    std::uint8_t* const at = scratch_.get() + used_;
    std::memcpy(at, piece.data(), piece.size());
    used_ += piece.size();
    if (copying_) {
      pieces_[count_ - 1].iov_len += piece.size();
    } else {
      append(at, piece.size());
      copying_ = true;
    }
  }
  /// finish: sends what was gathered and lets go of the sink, which may then die.
  void finish() {
    flush();
    target_ = nullptr;
  }

 private:
  static constexpr std::size_t kScratch = std::size_t{64} * 1024;
  static constexpr std::size_t kCopyUpTo = 2048;
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
