// The log's own thread.
#include <pthread.h>

#include <csignal>
#include <limits>
#include <utility>

#include "proxy/audit/log.h"
#include "proxy/log/log.h"

namespace gatehouse::audit {
namespace {

constexpr std::chrono::milliseconds kRound{1000};   // how often somebody who owes is asked
constexpr std::chrono::milliseconds kRetryIn{200};  // after a write that was not good
constexpr std::uint64_t kReportEvery = 30;          // seconds
constexpr int kLastTries = 10;
constexpr std::chrono::milliseconds kLastPause{50};

// A file beyond RLIMIT_FSIZE raises SIGXFSZ in the thread that writes it: here it is an error of write(), as a full
// disk is.
void take_no_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

void Log::run() {
  take_no_signals();
  ::pthread_setname_np(::pthread_self(), "audit");
  Event e;
  for (bool open = true; open;) {
    open = queue_.wait(kRound);
    take_sink();
    tell_suppressed(!open);
    tell_lost();
    while (queue_.pop(e)) {
      write(e);
      tell_lost();
    }
  }
  if (giving_up_ && sink_ != nullptr)
    log::Line(log::Level::error, "audit-lost")
        .add("to", sink_->name())
        .add("events", dropped_.load())
        .add("error", sink_->error())
        .write();
  const std::lock_guard lock(end_mutex_);
  ended_ = true;
  end_.notify_all();
}

void Log::take_sink() {
  const std::lock_guard lock(next_mutex_);
  if (!std::exchange(has_next_, false)) return;
  sink_ = std::move(next_);
  if (sink_ == nullptr) working_.store(true, std::memory_order_relaxed);
}

// Who was held back in a second that is over (or, `at_once`, in this one): how many times. Whoever is held back at this
// moment stays for the next round.
void Log::tell_suppressed(bool at_once) {
  // Once a second: however often the writer wakes, and however many owe.
  const std::uint64_t now = at_once ? std::numeric_limits<std::uint64_t>::max() : clock_.monotonic_s();
  if (std::exchange(told_in_, now) == now) return;
  for (const std::shared_ptr<Source>& source : queue_.owing()) {
    source->owes = false;  // before it is asked: what comes after is a debt of its own
    const auto owed = source->limiter.owed(now);
    if (!owed) {
      queue_.owe(source);
    } else if (*owed > 0) {
      Event e;
      e.kind = Kind::suppressed;
      e.count = *owed;
      put(std::move(e), source);
    }
  }
}

void Log::tell_lost() {
  const auto lost = queue_.lost();
  if (!lost) return;
  Event e;
  e.kind = Kind::lost;
  e.time_us = clock_.wall_us();
  e.count = lost->count;
  e.since_us = lost->since_us;
  write(e);
}

void Log::write(const Event& e) {
  if (e.trusted == nullptr) return deliver(encode(e, e.source.get()));
  for (const auto& guest : *e.trusted) deliver(encode(e, guest.get()));
}

// Until it is written: what comes meanwhile waits in the queue, and is counted once that is full.
void Log::deliver(const Line& line) {
  while (sink_ != nullptr && !giving_up_) {
    const Outcome outcome = sink_->write(line);
    working_.store(outcome == Outcome::written, std::memory_order_relaxed);
    if (outcome == Outcome::written) {
      written_.fetch_add(1, std::memory_order_relaxed);
      return report_recovery();
    }
    report_failure();
    if (outcome == Outcome::refused) {
      failed_.fetch_add(1, std::memory_order_relaxed);
      if (line.kind != Kind::lost) queue_.count_lost(1, clock_.wall_us());
      return;
    }
    if (!queue_.pause(kRetryIn)) {
      // The daemon ends: who is only slow gets a little time.
      giving_up_ = ++last_tries_ > kLastTries;
      std::this_thread::sleep_for(kLastPause);
    }
    take_sink();
  }
  if (giving_up_ && line.kind != Kind::lost) drop(1);
}

void Log::report_failure() {
  const std::uint64_t now = clock_.monotonic_s();
  if (now < report_after_) return;
  report_after_ = now + kReportEvery;
  reported_ = true;
  log::Line(log::Level::error, "audit-failed")
      .add("to", sink_->name())
      .add("error", sink_->error())
      .add("queued", queue_.size())
      .add("dropped", dropped_.load())
      .add("hint", "events wait, and are dropped once the queue is full; it goes on by itself when there is room")
      .write();
}

void Log::report_recovery() {
  if (!std::exchange(reported_, false)) return;
  log::Line(log::Level::info, "audit-recovered").add("to", sink_->name()).add("dropped", dropped_.load()).write();
}

}  // namespace gatehouse::audit
