// The sequence window of one context (RFC 2203 section 5.3.3.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace gatehouse::gss {

/// SequenceWindow: remembers which of the last `size` numbers were seen. A number is admitted after its MIC was
/// verified and never before: what is not authenticated must not move the window. Thread-safe: of two workers with one
/// number one is told `fresh`.
class SequenceWindow {
 public:
  static constexpr std::uint32_t kDefaultSize = 1024;
  /// SequenceWindow: of `size` numbers, at least 1.
  explicit SequenceWindow(std::uint32_t size = kDefaultSize);

  /// State: all that a window remembers. `seen` is a ring of bits, by number modulo its length: ring_words(size) words.
  struct State {
    std::uint32_t size = kDefaultSize;
    bool any = false;  ///< a number was admitted
    std::uint32_t newest = 0;
    std::vector<std::uint64_t> seen;
    friend bool operator==(const State&, const State&) = default;
  };
  /// ring_words: how long the ring of a window of `size` numbers is, in words of 64 bits.
  static std::size_t ring_words(std::uint32_t size);
  /// consistent: whether a window can be in that state: the ring has its length, and has the newest number.
  static bool consistent(const State& state);
  /// SequenceWindow: goes on where another left off; `state` is consistent.
  explicit SequenceWindow(State state);
  /// state: what it remembers now.
  [[nodiscard]] State state() const;

  enum class Answer : std::uint8_t {
    fresh,
    duplicate,
    below,  ///< older than the window reaches
  };
  /// admit: marks `seq` as seen, if it is fresh. The first may be any number. O(1); a jump costs O(size / 64) at most.
  Answer admit(std::uint32_t seq);

  [[nodiscard]] std::uint32_t size() const { return size_; }

 private:
  void forget_between(std::uint32_t from, std::uint32_t to);
  [[nodiscard]] std::size_t word_of(std::uint32_t seq) const;

  const std::uint32_t size_;
  mutable std::mutex mutex_;
  bool any_ = false;
  std::uint32_t newest_ = 0;
  std::vector<std::uint64_t> seen_;  // a ring of bits by number modulo its length, which is a power of two
};

}  // namespace gatehouse::gss
