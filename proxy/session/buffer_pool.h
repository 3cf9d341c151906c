// Memory for records that must be whole before they can be opened or sealed.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace gatehouse::session {

/// Buffer: memory with an owner; not initialised.
struct Buffer {
  std::unique_ptr<std::uint8_t[]> memory;
  std::size_t capacity = 0;

  [[nodiscard]] std::span<std::uint8_t> all() const { return {memory.get(), capacity}; }
  explicit operator bool() const { return memory != nullptr; }
};

/// BufferPool: a worker's buffers. A few MiB that were used lately are kept, so that bulk traffic under krb5i and krb5p
/// allocates nothing per call; trim() gives back what a second did not need. What was in a buffer is not wiped: it held
/// what goes to the backend in the clear anyway. Not thread-safe.
class BufferPool {
 public:
  /// get: a buffer of at least `size` bytes.
  Buffer get(std::size_t size);
  /// put: takes a buffer back; an empty one is ignored.
  void put(Buffer b);
  /// trim: called once a second.
  void trim();
  /// idle: buffers that are kept.
  [[nodiscard]] std::size_t idle() const { return idle_.size(); }

 private:
  void drop(std::size_t oldest);

  static constexpr std::size_t kMostIdle = std::size_t{3} << 20;
  std::vector<Buffer> idle_;  // the most recently used last
  std::size_t idle_bytes_ = 0;
  std::size_t least_idle_ = 0;
};

}  // namespace gatehouse::session
