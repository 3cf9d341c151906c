// The audit log.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "proxy/audit/queue.h"
#include "proxy/audit/sink.h"

namespace gatehouse::audit {

/// Clock: the time as the log reads it. Thread-safe functions.
struct Clock {
  std::uint64_t (*monotonic_s)();
  std::int64_t (*wall_us)();
};
/// system_clock: the system's.
Clock system_clock();

/// Counts: of events since the start.
struct Counts {
  std::uint64_t written = 0;
  std::uint64_t suppressed = 0;  ///< by limits.audit_lines
  std::uint64_t dropped = 0;     ///< they found the queue full, or the daemon ended before they could be written
  std::uint64_t failed = 0;      ///< the journal would never take them
};

/// Act: an administrative one.
enum class Act : std::uint8_t { reload, drain, log_level, evict, trace };
inline constexpr std::size_t kActs = static_cast<std::size_t>(Act::trace) + 1;
/// act_word: for example "log-level".
std::string_view act_word(Act a);

/// Log: takes events from any thread and writes them on one of its own, so that no call ever waits for a disk or for
/// journald. Memory is fixed. A source's events beyond its limit are counted, and the count is written in the next
/// second; so is the count of what the queue had no room for, as soon as there is room. Thread-safe.
class Log {
 public:
  /// Log: off, without a thread, until use() gives it a sink.
  explicit Log(Clock clock = system_clock());
  /// Not after a stop() that was false.
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// record: the event that `make` returns, of `source`, if the source's limit lets it through: otherwise `make` is not
  /// even called, so that a flood costs a counter.
  template <class Make>
  void record(const std::shared_ptr<Source>& source, Make&& make) {
    if (!on() || !admit(source)) return;
    put(make(), source);
  }

  // What follows is never suppressed.
  void started(std::string_view version, std::uint64_t guests);
  void stopping();
  /// trusted: these guests are, by the configuration that came into force: `cause` is "start" or "reload".
  void trusted(std::vector<std::shared_ptr<Source>> guests, std::string_view cause);
  /// administered: `by` did `act`, or was refused it; `detail` says on what, or why not.
  void administered(Act act, Asker by, bool done, std::string_view detail);

  /// use: another sink, or the same anew (its file was moved away), from the next event on; null: none, and nothing is
  /// counted. For one thread. The writer takes no signals, whatever is blocked here.
  void use(std::unique_ptr<Sink> sink);
  /// stop: writes what is left and ends the thread. False: it did not end within `grace`, for who reads does not: the
  /// process can only exit without destroying the log. Once, and nothing is recorded after it.
  bool stop(std::chrono::milliseconds grace);

  [[nodiscard]] Counts counts() const;
  /// queued: events that wait to be written.
  [[nodiscard]] std::size_t queued() const { return queue_.size(); }
  /// on: events are written somewhere.
  [[nodiscard]] bool on() const { return on_.load(std::memory_order_relaxed); }
  /// working: the last write was good.
  [[nodiscard]] bool working() const { return working_.load(std::memory_order_relaxed); }

 private:
  bool admit(const std::shared_ptr<Source>& source);
  void put(Event&& e, const std::shared_ptr<Source>& source);

  void run();
  void take_sink();
  void tell_suppressed(bool at_once);
  void tell_lost();
  void write(const Event& e);
  void deliver(const Line& line);
  void report_failure();
  void report_recovery();
  void drop(std::uint64_t n);

  const Clock clock_;
  Queue queue_;
  std::atomic<bool> on_{false};
  std::atomic<bool> working_{true};
  std::atomic<std::uint64_t> written_{0}, suppressed_{0}, dropped_{0}, failed_{0};

  std::mutex next_mutex_;
  bool has_next_ = false;
  std::unique_ptr<Sink> next_;  ///< for the writer to take, if has_next_

  // The writer's.
  std::unique_ptr<Sink> sink_;
  bool giving_up_ = false;  ///< the log is closed, and nothing can be written
  int last_tries_ = 0;
  std::uint64_t report_after_ = 0;  ///< seconds: no failure is reported before
  std::uint64_t told_in_ = 0;       ///< the second in which those who owe were asked last
  bool reported_ = false;

  std::mutex end_mutex_;
  std::condition_variable end_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace gatehouse::audit
