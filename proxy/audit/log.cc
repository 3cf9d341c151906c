#include "proxy/audit/log.h"

#include <ctime>
#include <utility>

#include "proxy/log/log.h"

namespace gatehouse::audit {
namespace {

constexpr std::size_t kCapacity = 2048;  // events: about 2 MiB

std::uint64_t seconds_of(clockid_t clock) {
  timespec t{};
  ::clock_gettime(clock, &t);
  return static_cast<std::uint64_t>(t.tv_sec);
}

std::int64_t wall_us() {
  timespec t{};
  ::clock_gettime(CLOCK_REALTIME, &t);
  return std::int64_t{t.tv_sec} * 1'000'000 + t.tv_nsec / 1000;
}

}  // namespace

Clock system_clock() {
  return {[] { return seconds_of(CLOCK_MONOTONIC_COARSE); }, &wall_us};
}

std::string_view act_word(Act a) {
  static constexpr std::array<std::string_view, kActs> kWords = {"reload", "drain", "log-level", "evict", "trace"};
  return kWords[static_cast<std::size_t>(a)];
}

Log::Log(Clock clock) : clock_(clock), queue_(kCapacity) {}

Log::~Log() {
  queue_.close();
  if (thread_.joinable()) thread_.join();
}

bool Log::admit(const std::shared_ptr<Source>& source) {
  const auto answer = source->limiter.ask(clock_.monotonic_s());
  if (!answer.allowed) {
    suppressed_.fetch_add(1, std::memory_order_relaxed);
    queue_.owe(source);
    return false;
  }
  if (answer.suppressed > 0) {
    Event e;
    e.kind = Kind::suppressed;
    e.count = answer.suppressed;
    put(std::move(e), source);
  }
  return true;
}

void Log::put(Event&& e, const std::shared_ptr<Source>& source) {
  e.source = source;
  e.time_us = clock_.wall_us();
  const std::uint64_t lines = e.trusted != nullptr ? e.trusted->size() : 1;
  if (!queue_.push(std::move(e))) drop(lines);
}

void Log::drop(std::uint64_t n) {
  dropped_.fetch_add(n, std::memory_order_relaxed);
}

void Log::started(std::string_view version, std::uint64_t guests) {
  if (!on()) return;
  Event e;
  e.kind = Kind::start;
  e.word = version;
  e.count = guests;
  put(std::move(e), nullptr);
}

void Log::stopping() {
  if (!on()) return;
  Event e;
  e.kind = Kind::stop;
  put(std::move(e), nullptr);
}

void Log::trusted(std::vector<std::shared_ptr<Source>> guests, std::string_view cause) {
  if (!on() || guests.empty()) return;
  Event e;
  e.kind = Kind::trust;
  e.word = cause;
  e.trusted = std::make_shared<const std::vector<std::shared_ptr<Source>>>(std::move(guests));
  put(std::move(e), nullptr);
}

void Log::administered(Act act, Asker by, bool done, std::string_view detail) {
  if (!on()) return;
  Event e;
  e.kind = Kind::admin;
  e.word = act_word(act);
  e.by = by;
  e.result = done ? "done" : "refused";
  e.detail = detail;
  put(std::move(e), nullptr);
}

void Log::use(std::unique_ptr<Sink> sink) {
  const bool on = sink != nullptr;
  {
    const std::lock_guard lock(next_mutex_);
    next_ = std::move(sink);
    has_next_ = true;
  }
  on_.store(on, std::memory_order_relaxed);
  queue_.nudge();
  if (on && !thread_.joinable()) thread_ = std::thread([this] { run(); });
}

Counts Log::counts() const {
  return {written_.load(std::memory_order_relaxed), suppressed_.load(std::memory_order_relaxed),
          dropped_.load(std::memory_order_relaxed), failed_.load(std::memory_order_relaxed)};
}

bool Log::stop(std::chrono::milliseconds grace) {
  queue_.close();
  if (!thread_.joinable()) return true;
  std::unique_lock lock(end_mutex_);
  if (!end_.wait_for(lock, grace, [this] { return ended_; })) {
    log::Line(log::Level::error, "audit-lost")
        .add("events", queue_.size() + 1)
        .add("hint", "nobody takes them")
        .write();
    return false;
  }
  lock.unlock();
  thread_.join();
  return true;
}

}  // namespace gatehouse::audit
