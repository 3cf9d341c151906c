// What a session uses of the worker it lives on.
#pragma once

#include <cstdint>
#include <ctime>

#include "proxy/offload/accept_pool.h"
#include "proxy/runtime/state.h"
#include "proxy/session/buffer_pool.h"
#include "proxy/session/nfs_body.h"
#include "proxy/session/pipe.h"
#include "proxy/session/read_buffer.h"
#include "proxy/session/sink.h"

namespace gatehouse::session {

class Session;

/// Context: a worker as its sessions see it. Everything in it belongs to the worker's thread.
class Context {
 public:
  explicit Context(runtime::Shared& shared_, std::size_t thread_)
      : shared(shared_), snapshot(shared_.now()), thread(thread_) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  runtime::Shared& shared;
  std::shared_ptr<const runtime::Snapshot> snapshot;  ///< what is in force on this worker
  const std::size_t thread;                           ///< which counters are this thread's
  int epoll = -1;
  std::uint64_t now = 0;   ///< ms, monotonic, taken once a wake-up
  std::uint64_t woke = 0;  ///< the same instant in ns
  std::int64_t wall = 0;   ///< seconds since 1970, taken once a wake-up
  ReadBuffer buffer;
  Batch batch;
  PipePool pipes;
  BufferPool buffers;
  NfsScratch nfs_scratch;

  /// nanoseconds: of the monotonic clock, at this moment.
  static std::uint64_t nanoseconds();
  /// moment: the same, but one for all that came with one read (begin_read): reading the clock costs more than most of
  /// what is done with a call. `again` where a record takes longer than that.
  std::uint64_t moment(bool again) {
    if (moment_ == 0 || again) moment_ = nanoseconds();
    return moment_;
  }
  void begin_read() { moment_ = 0; }

  [[nodiscard]] gss::Clock clock() const { return {now, wall}; }
  [[nodiscard]] const config::Config& conf() const { return snapshot->conf; }

  /// again: the session has more to do, after the others had their turn.
  virtual void again(Session& s) = 0;
  /// call_at: calls the session's on_retry at `when` (ms), if it still lives.
  virtual void call_at(std::uint64_t when, Session& s) = 0;
  /// waiter: wakes session `id` of this worker (Session::resume) from any thread.
  virtual runtime::Waiter waiter(std::uint64_t id) = 0;
  /// accept: hands a token to the acceptor's threads; its answer comes to Session::on_accepted of session job->session.
  /// False, and the job is untouched: too many wait, or nothing accepts here.
  virtual bool accept(std::unique_ptr<offload::AcceptJob>& job) = 0;
  /// retire: the session is closed; it is destroyed when nothing of this wake-up can refer to it any more.
  virtual void retire(Session& s) = 0;

 protected:
  ~Context() = default;

 private:
  std::uint64_t moment_ = 0;
};

inline std::uint64_t Context::nanoseconds() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(t.tv_nsec);
}

}  // namespace gatehouse::session
