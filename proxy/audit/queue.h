// Events on their way to the writer.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "proxy/audit/event.h"

namespace gatehouse::audit {

/// Queue: a ring of events between the threads that decide and the one that writes. Its memory is fixed; to put
/// something in never waits for the writer. What finds no room is counted. Thread-safe; pop(), wait(), pause(),
/// owing() and lost() are the writer's.
///
/// A guest's share of the ring is bounded, besides its rate (Source::limiter): while nothing can be written the ring
/// fills, and one guest's flood must not take the places of what is to be told of the others. A part of it is kept for
/// what belongs to no guest: administrative acts, start and stop.
class Queue {
 public:
  /// kShare: of the ring, one source's; kKept: for what has no source.
  static constexpr std::size_t kShare = 8;
  static constexpr std::size_t kKept = 16;

  explicit Queue(std::size_t capacity) : ring_(capacity) {}

  /// push: false: there is no room, and the event is counted as lost.
  bool push(Event&& e);
  /// count_lost: `n` events that were taken out and could not be written.
  void count_lost(std::uint64_t n, std::int64_t time_us);
  /// owe: lines of `source` were held back that nobody was told of; the writer hears of it, once.
  void owe(const std::shared_ptr<Source>& source);

  /// pop: the oldest event; false: there is none.
  bool pop(Event& out);
  /// Lost: events that found no room, and when the first of them was.
  struct Lost {
    std::uint64_t count = 0;
    std::int64_t since_us = 0;
  };
  /// lost: what was lost, to be told of now: everything that was put in before has been taken out.
  std::optional<Lost> lost();
  /// owing: the sources that owe, which are forgotten here.
  std::vector<std::shared_ptr<Source>> owing();

  /// wait: until there is something to do, at most `patience` if somebody owes. False: the queue was closed.
  bool wait(std::chrono::milliseconds patience);
  /// pause: `time`, or until the queue is closed, which is what false says.
  bool pause(std::chrono::milliseconds time);
  /// nudge: ends a wait.
  void nudge();
  /// close: for good; what is in it can still be taken out.
  void close();

  [[nodiscard]] std::size_t size() const;

 private:
  [[nodiscard]] bool room_for(const Source* source) const;
  void note_lost(std::uint64_t n, std::int64_t time_us);

  mutable std::mutex mutex_;
  std::condition_variable something_;
  std::vector<Event> ring_;
  std::size_t head_ = 0;
  std::size_t size_ = 0;
  bool closed_ = false;
  bool nudged_ = false;
  Lost lost_;
  std::size_t before_lost_ = 0;  ///< events that are to be taken out before the loss is told of
  std::vector<std::shared_ptr<Source>> owing_;
};

}  // namespace gatehouse::audit
