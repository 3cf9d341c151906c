// A record, or a part of one, that is collected until it is whole.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "proxy/session/buffer_pool.h"
#include "rpc/xdr.h"

namespace gatehouse::session {

/// Gather: collects `whole` bytes, with room before and behind them. Not thread-safe.
class Gather {
 public:
  /// Memory: when it is taken.
  enum class Memory : std::uint8_t {
    at_once,   ///< for the whole: its bytes are here, or reserved
    by_bytes,  ///< as bytes arrive: nobody vouches for the length
  };
  /// open: begins to collect `whole` bytes; `room` bytes stay free before them and `tail` behind.
  void open(BufferPool& pool, std::size_t whole, std::size_t room, std::size_t tail, Memory memory) {
    pool_ = &pool;
    whole_ = whole;
    room_ = room;
    tail_ = tail;
    memory_ = memory;
    size_ = 0;
    if (memory == Memory::at_once) buffer_ = pool.get(room + whole + tail);
  }
  /// close: gives the memory back.
  void close() {
    if (pool_ != nullptr) pool_->put(std::move(buffer_));
    pool_ = nullptr;
    buffer_ = {};
    size_ = whole_ = 0;
  }

  /// release: the buffer itself, whose memory is all(); nothing is collected any more.
  Buffer release() {
    Buffer out = std::move(buffer_);
    close();
    return out;
  }

  [[nodiscard]] bool active() const { return pool_ != nullptr; }
  [[nodiscard]] bool complete() const { return size_ == whole_; }
  [[nodiscard]] bool at_once() const { return memory_ == Memory::at_once; }
  [[nodiscard]] std::size_t left() const { return whole_ - size_; }
  /// unreserved: bytes held that nobody reserved.
  [[nodiscard]] std::size_t unreserved() const { return at_once() ? 0 : size_; }

  void append(rpc::Bytes bytes) {
    if (bytes.empty()) return;
    grow(size_ + bytes.size());
    std::memcpy(buffer_.memory.get() + room_ + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  /// free_part: where the bytes that are left belong, for reading straight into it; advance() says how many came. Only
  /// with memory at once.
  [[nodiscard]] std::span<std::uint8_t> free_part() const { return buffer_.all().subspan(room_ + size_, left()); }
  void advance(std::size_t n) { size_ += n; }

  /// bytes: what was collected. all: with the room around it.
  [[nodiscard]] std::span<std::uint8_t> bytes() const { return buffer_.all().subspan(room_, size_); }
  [[nodiscard]] std::span<std::uint8_t> all() const { return buffer_.all().first(room_ + size_ + tail_); }

 private:
  void grow(std::size_t size) {
    if (room_ + size + tail_ <= buffer_.capacity) return;
    Buffer larger = pool_->get(room_ + std::min(whole_, std::max(size, 2 * size_)) + tail_);
    if (size_ > 0) std::memcpy(larger.memory.get() + room_, buffer_.memory.get() + room_, size_);
    pool_->put(std::exchange(buffer_, std::move(larger)));
  }

  BufferPool* pool_ = nullptr;
  Buffer buffer_;
  std::size_t size_ = 0;
  std::size_t whole_ = 0;
  std::size_t room_ = 0;
  std::size_t tail_ = 0;
  Memory memory_ = Memory::at_once;
};

}  // namespace gatehouse::session
