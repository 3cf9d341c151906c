#include "tests/bench/load_run.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>

#include "tests/bench/process.h"

namespace gatehouse::bench {
namespace {

constexpr std::uint64_t kStall = 10'000'000'000;  // no reply for so long is an error
constexpr int kTurnMs = 100;

}  // namespace

LoadRun::LoadRun(const Plan& plan) : plan_(plan), epoll_(epoll_create1(EPOLL_CLOEXEC)), buffer_(256 << 10) {}

std::expected<Measured, std::string> LoadRun::steady() {
  if (auto opened = open(plan_.connections); !opened) return std::unexpected(opened.error());
  const std::uint64_t warm = monotonic_ns() + plan_.warm_up;
  auto now = turn();
  while (now && (*now < warm || totals_.connected < clients_.size())) now = turn();
  if (!now) return std::unexpected(now.error());

  const auto cpu_before = cpu();
  const std::uint64_t begin = monotonic_ns();
  const std::uint64_t calls_before = totals_.calls;
  totals_.measuring = true;
  const auto enough = [&](std::uint64_t at) {
    return plan_.calls > 0 ? totals_.calls - calls_before >= plan_.calls : at >= begin + plan_.duration;
  };
  while (now && !enough(*now)) now = turn();
  if (!now) return std::unexpected(now.error());
  const auto cpu_after = cpu();
  const std::uint64_t end = monotonic_ns();
  totals_.measuring = false;
  if (!cpu_before) return std::unexpected(cpu_before.error());
  if (!cpu_after) return std::unexpected(cpu_after.error());
  Measured measured{totals_.calls - calls_before, end - begin, *cpu_after - *cpu_before, totals_.latency};
  if (auto drained = drain(); !drained) return std::unexpected(drained.error());
  return measured;
}

std::expected<void, std::string> LoadRun::one_call_each(std::uint32_t count) {
  totals_.stopping = true;
  if (auto opened = open(count); !opened) return opened;
  return drain();
}

std::expected<void, std::string> LoadRun::open(std::uint32_t count) {
  progress_at_ = monotonic_ns();
  for (std::uint32_t i = 0; i < count; ++i) {
    auto fd = connect_to(plan_.target);
    if (!fd) {
      return std::unexpected(fd.error() + " (connection " + std::to_string(clients_.size() + 1) +
                             "; is the server up, and `ulimit -n` high enough?)");
    }
    const auto index = static_cast<std::uint32_t>(clients_.size());
    clients_.push_back(
        std::make_unique<LoadClient>(std::move(*fd), index + 1, plan_.work, plan_.dialect(index), totals_));
    LoadClient& client = *clients_.back();
    if (!watch(epoll_, client.fd(), &client)) return std::unexpected(error_text("epoll_ctl"));
    if (!client.start()) return std::unexpected(client.fault());
  }
  return {};
}

std::expected<std::uint64_t, std::string> LoadRun::turn() {
  std::array<epoll_event, 256> events;
  const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), kTurnMs);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    auto* client = static_cast<LoadClient*>(event.data.ptr);
    if (!client->on_events(event.events, buffer_)) {
      return std::unexpected(client->fault() + " (after " + std::to_string(totals_.calls) + " right replies)");
    }
  }
  const std::uint64_t now = monotonic_ns();
  if (totals_.calls != progress_calls_) {
    progress_calls_ = totals_.calls;
    progress_at_ = now;
  } else if (now - progress_at_ > kStall) {
    return std::unexpected("no reply for 10 seconds (after " + std::to_string(totals_.calls) + " right replies)");
  }
  return now;
}

std::expected<std::uint64_t, std::string> LoadRun::cpu() const {
  return plan_.pid > 0 ? cpu_ns(plan_.pid) : std::expected<std::uint64_t, std::string>(0);
}

std::expected<void, std::string> LoadRun::drain() {
  totals_.stopping = true;
  const auto busy = [](const auto& client) { return client->outstanding() > 0; };
  while (std::any_of(clients_.begin(), clients_.end(), busy)) {
    if (auto now = turn(); !now) return std::unexpected(now.error());
  }
  return {};
}

}  // namespace gatehouse::bench
