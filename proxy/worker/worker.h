// A thread with an event loop and the sessions that live on it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <queue>
#include <thread>
#include <unordered_map>
#include <vector>

#include "proxy/runtime/mailbox.h"
#include "proxy/session/context.h"
#include "proxy/session/session.h"

namespace gatehouse::worker {

/// Newcomer: an accepted connection on its way to a worker. Its slot of the guest's connection limit is taken.
struct Newcomer {
  net::UniqueFd fd;
  net::Peer peer;
  std::uint32_t guest = 0;
  std::uint64_t id = 0;
};

/// Worker: one event loop (epoll, edge-triggered), one thread. adopt, post, stop and load are thread-safe; the rest
/// belongs to the thread.
class Worker final : public session::Context {
 public:
  Worker(runtime::Shared& shared, std::size_t thread);
  ~Worker();

  /// start: false, with a reason in errno, when the host gives no epoll set or event descriptor.
  bool start();
  /// adopt: hands a connection over.
  void adopt(Newcomer n);
  /// post: calls `f` on the worker's thread, after what was posted or adopted before.
  void post(std::function<void(Worker&)> f);
  /// stop: closes all sessions and ends the thread. Returns when it has ended.
  void stop();
  /// load: sessions now here or on their way.
  [[nodiscard]] std::size_t load() const { return load_.load(std::memory_order_relaxed); }

  /// take_on: `change` comes into force for all sessions.
  void take_on(const runtime::Change& change);
  /// drain: every session finishes its calls and closes, those that come later too.
  void drain();
  /// each: `f` of every session that has not closed; it may close it, and do nothing else to the worker.
  void each(const std::function<void(session::Session&)>& f);

  void again(session::Session& s) override;
  void call_at(std::uint64_t when, session::Session& s) override;
  runtime::Waiter waiter(std::uint64_t id) override;
  bool accept(std::unique_ptr<offload::AcceptJob>& job) override;
  void retire(session::Session& s) override;

 private:
  struct Message {
    enum class Kind : std::uint8_t { adopt, wake, accepted, call, stop };
    Kind kind = Kind::stop;
    Newcomer newcomer;
    std::uint64_t id = 0;
    std::unique_ptr<offload::AcceptJob> job;
    std::function<void(Worker&)> call;
  };
  struct Retry {
    std::uint64_t when;
    std::uint64_t id;
    bool operator>(const Retry& o) const { return when > o.when; }
  };

  void look_at_clock();
  void run();
  void read_mail();
  void welcome(Newcomer n);
  void run_queued();
  void run_retries();
  void tick_all();
  void bury();
  void set_ticking();
  [[nodiscard]] int wait_time() const;
  [[nodiscard]] session::Session* find(std::uint64_t id) const;

  net::UniqueFd epoll_fd_;
  runtime::Mailbox<Message> mail_;
  std::vector<Message> opened_;
  std::atomic<std::size_t> load_{0};
  std::jthread thread_;
  bool stopping_ = false;
  bool draining_ = false;

  std::unordered_map<std::uint64_t, std::unique_ptr<session::Session>> sessions_;
  std::vector<std::uint64_t> queued_;
  std::vector<std::uint64_t> running_;
  std::vector<std::uint64_t> retired_;
  std::priority_queue<Retry, std::vector<Retry>, std::greater<>> retries_;
  net::UniqueFd timer_;  ///< once a second: sessions' time-outs, and the heartbeat
  session::Endpoint timer_endpoint_;
};

}  // namespace gatehouse::worker
