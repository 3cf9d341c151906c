// Bytes that may hold a key.
#pragma once

#include <openssl/crypto.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace gatehouse::gss {

/// WipingAllocator: wipes memory before it frees it, also what a vector leaves behind when it grows.
template <typename T>
struct WipingAllocator : std::allocator<T> {
  template <typename U>
  struct rebind {
    using other = WipingAllocator<U>;
  };
  void deallocate(T* memory, std::size_t n) {
    OPENSSL_cleanse(memory, n * sizeof(T));
    std::allocator<T>::deallocate(memory, n);
  }
};

/// WipedBytes: a vector of bytes whose memory is wiped when it goes.
using WipedBytes = std::vector<std::uint8_t, WipingAllocator<std::uint8_t>>;

}  // namespace gatehouse::gss
