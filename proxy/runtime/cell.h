// A counter that costs its writer next to nothing.
#pragma once

#include <atomic>
#include <cstdint>

namespace gatehouse::runtime {

/// Cell: a counter with one writing thread and any number of readers; reading needs no lock and is never torn.
class Cell {
 public:
  void add(std::uint64_t n) { v_.store(v_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t get() const { return v_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> v_{0};
};

}  // namespace gatehouse::runtime
