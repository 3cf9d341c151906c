#include "proxy/worker/worker.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <ctime>
#include <string>

namespace gatehouse::worker {
namespace {

constexpr time_t kTick = 1;  // seconds
constexpr int kEvents = 128;

std::int64_t wall_seconds() {
  timespec t{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &t);
  return t.tv_sec;
}

// The C library guards each recv() and send() of a thread that may be cancelled with two locked instructions, unless it
// may be cancelled anywhere. This one never is.
void without_cancellation() {
  ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, nullptr);
  ::pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, nullptr);
}

}  // namespace

Worker::Worker(runtime::Shared& shared_, std::size_t thread_number) : Context(shared_, thread_number) {}

Worker::~Worker() {
  stop();
}

bool Worker::start() {
  epoll_fd_.reset(::epoll_create1(EPOLL_CLOEXEC));
  epoll = epoll_fd_.get();
  epoll_event e{};
  e.events = EPOLLIN;
  e.data.ptr = nullptr;
  if (epoll < 0 || mail_.fd() < 0 || ::epoll_ctl(epoll, EPOLL_CTL_ADD, mail_.fd(), &e) != 0) return false;
  // A timer of its own: a time-out given to epoll_wait would be set and cancelled in the kernel at every call that
  // waits.
  timer_.reset(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  e.data.ptr = &timer_endpoint_;
  if (!timer_ || ::epoll_ctl(epoll, EPOLL_CTL_ADD, timer_.get(), &e) != 0) return false;
  set_ticking();
  look_at_clock();
  shared.heartbeats.beat(thread, now);
  thread_ = std::jthread([this] { run(); });
  return true;
}

void Worker::adopt(Newcomer n) {
  load_.fetch_add(1, std::memory_order_relaxed);
  mail_.post({Message::Kind::adopt, std::move(n), 0, nullptr, {}});
}

void Worker::post(std::function<void(Worker&)> f) {
  mail_.post({Message::Kind::call, {}, 0, nullptr, std::move(f)});
}

void Worker::stop() {
  if (!thread_.joinable()) return;
  mail_.post({Message::Kind::stop, {}, 0, nullptr, {}});
  thread_.join();
}

void Worker::look_at_clock() {
  begin_read();
  woke = moment(false);
  now = woke / 1'000'000;
  wall = wall_seconds();
}

void Worker::run() {
  ::pthread_setname_np(::pthread_self(), ("worker-" + std::to_string(thread)).c_str());
  without_cancellation();
  std::array<epoll_event, kEvents> events;
  while (!stopping_) {
    const int n = ::epoll_wait(epoll, events.data(), kEvents, wait_time());
    look_at_clock();
    shared.heartbeats.beat(thread, now);
    for (int i = 0; i < n; ++i) {
      const auto& e = events[static_cast<std::size_t>(i)];
      auto* endpoint = static_cast<session::Endpoint*>(e.data.ptr);
      if (endpoint == nullptr) {
        read_mail();
      } else if (endpoint == &timer_endpoint_) {
        tick_all();
      } else if (endpoint->link == nullptr) {
        endpoint->session->on_client(e.events);
      } else {
        endpoint->session->on_link(*endpoint->link, e.events);
      }
    }
    run_queued();
    run_retries();
    bury();
  }
  for (const auto& [id, s] : sessions_) s->close(runtime::CloseReason::shutdown);
  bury();
}

int Worker::wait_time() const {
  if (!queued_.empty()) return 0;
  if (retries_.empty()) return -1;
  const std::uint64_t until = retries_.top().when;
  return until > now ? static_cast<int>(until - now) : 0;
}

void Worker::read_mail() {
  mail_.take(opened_);
  for (Message& m : opened_) {
    switch (m.kind) {
      case Message::Kind::adopt: welcome(std::move(m.newcomer)); break;
      case Message::Kind::wake:
        if (session::Session* s = find(m.id)) s->resume();
        break;
      case Message::Kind::accepted:
        if (session::Session* s = find(m.id)) s->on_accepted(std::move(m.job));
        break;
      case Message::Kind::call: m.call(*this); break;
      case Message::Kind::stop: stopping_ = true; break;
    }
  }
  opened_.clear();
}

void Worker::welcome(Newcomer n) {
  auto s = std::make_unique<session::Session>(*this, n.guest, std::move(n.fd), std::move(n.peer), n.id);
  session::Session& session = *s;
  sessions_.emplace(n.id, std::move(s));
  session.start();
  if (draining_) session.drain();
}

void Worker::take_on(const runtime::Change& change) {
  each([&change](session::Session& s) { s.adopt(change); });
  snapshot = change.next;
}

void Worker::drain() {
  draining_ = true;
  each([](session::Session& s) { s.drain(); });
}

void Worker::each(const std::function<void(session::Session&)>& f) {
  for (const auto& [id, s] : sessions_)
    if (!s->closed()) f(*s);
}

session::Session* Worker::find(std::uint64_t id) const {
  const auto at = sessions_.find(id);
  return at == sessions_.end() ? nullptr : at->second.get();
}

void Worker::again(session::Session& s) {
  if (s.queued) return;
  s.queued = true;
  queued_.push_back(s.id());
}

void Worker::run_queued() {
  running_.swap(queued_);
  for (const std::uint64_t id : running_) {
    session::Session* s = find(id);
    if (s == nullptr) continue;
    s->queued = false;
    s->resume();
  }
  running_.clear();
}

void Worker::call_at(std::uint64_t when, session::Session& s) {
  retries_.push({when, s.id()});
}

void Worker::run_retries() {
  while (!retries_.empty() && retries_.top().when <= now) {
    const std::uint64_t id = retries_.top().id;
    retries_.pop();
    if (session::Session* s = find(id)) s->on_retry();
  }
}

void Worker::set_ticking() {
  const timespec period{kTick, 0};
  const itimerspec t{period, period};
  ::timerfd_settime(timer_.get(), 0, &t, nullptr);
}

void Worker::tick_all() {
  std::uint64_t ticks = 0;
  (void)!::read(timer_.get(), &ticks, sizeof ticks);
  for (const auto& [id, s] : sessions_) s->tick();
  buffers.trim();
}

runtime::Waiter Worker::waiter(std::uint64_t id) {
  return {[](void* owner, std::uint64_t key) {
            static_cast<Worker*>(owner)->mail_.post({Message::Kind::wake, {}, key, nullptr, {}});
          },
          this, id};
}

bool Worker::accept(std::unique_ptr<offload::AcceptJob>& job) {
  if (snapshot->tokens == nullptr) return false;
  job->owner = this;
  job->done = [](void* owner, std::unique_ptr<offload::AcceptJob> done) {
    const std::uint64_t id = done->session;
    static_cast<Worker*>(owner)->mail_.post({Message::Kind::accepted, {}, id, std::move(done), {}});
  };
  return snapshot->tokens->submit(job);
}

void Worker::retire(session::Session& s) {
  retired_.push_back(s.id());
}

void Worker::bury() {
  for (const std::uint64_t id : retired_) {
    sessions_.erase(id);
    load_.fetch_sub(1, std::memory_order_relaxed);
  }
  retired_.clear();
}

}  // namespace gatehouse::worker
