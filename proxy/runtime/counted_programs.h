// Which programs' calls are counted apart.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "proxy/runtime/call_cells.h"

namespace gatehouse::runtime {

/// CountedPrograms: the programs of one guest, each with a place that stays its own, so that what was counted there
/// keeps its meaning when the configuration changes. One thread adds; reading is for all, and needs no lock.
class CountedPrograms {
 public:
  /// add: those that are not there yet, while there is room.
  void add(std::span<const std::uint32_t> programs) {
    for (const std::uint32_t p : programs) {
      const std::size_t n = size();
      if (n == programs_.size() || find(p, n) != n) continue;
      programs_[n].store(p, std::memory_order_relaxed);
      size_.store(n + 1, std::memory_order_release);
    }
  }
  [[nodiscard]] std::size_t size() const { return size_.load(std::memory_order_acquire); }
  /// at: the program at a place below size().
  [[nodiscard]] std::uint32_t at(std::size_t place) const { return programs_[place].load(std::memory_order_relaxed); }
  /// place: of a program; kOthers: it is not told apart.
  [[nodiscard]] std::size_t place(std::uint32_t program) const {
    const std::size_t n = size();
    const std::size_t at = find(program, n);
    return at == n ? kOthers : at;
  }
  static constexpr std::size_t kOthers = kCountedPrograms - 1;

 private:
  [[nodiscard]] std::size_t find(std::uint32_t program, std::size_t n) const {
    std::size_t i = 0;
    while (i < n && at(i) != program) ++i;
    return i;
  }
  std::array<std::atomic<std::uint32_t>, kOthers> programs_{};
  std::atomic<std::size_t> size_{0};
};

}  // namespace gatehouse::runtime
