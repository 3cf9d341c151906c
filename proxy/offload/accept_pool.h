// Threads that accept Kerberos tokens, away from the event loops.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "gss/acceptors/acceptor.h"
#include "gss/acceptors/mapper.h"
#include "gss/context.h"
#include "proxy/runtime/state.h"

namespace gatehouse::offload {

/// AcceptJob: a token on its way to the acceptor, and what came of it on its way back. Belongs to whoever holds it. Its
/// unit of the guest's nascent budget goes back when it is answered or dropped.
struct AcceptJob {
  AcceptJob(std::shared_ptr<runtime::GuestState> g, std::shared_ptr<const runtime::GuestPolicy> p)
      : guest(std::move(g)), policy(std::move(p)) {}
  ~AcceptJob() { guest->nascent.give(1); }
  AcceptJob(const AcceptJob&) = delete;
  AcceptJob& operator=(const AcceptJob&) = delete;

  const std::shared_ptr<runtime::GuestState> guest;
  const std::shared_ptr<const runtime::GuestPolicy> policy;  ///< of the moment when it was asked
  std::uint64_t session = 0;                                 ///< who asked
  std::uint64_t number = 0;                                  ///< of the session's jobs
  std::size_t thread = 0;                                    ///< that will use the context first
  std::vector<std::uint8_t> token;
  std::chrono::steady_clock::time_point until;  ///< nobody waits for it any more after this
  /// done: brings the job back; called once, on a thread of the pool.
  void (*done)(void* owner, std::unique_ptr<AcceptJob> job) = nullptr;
  void* owner = nullptr;

  enum class Outcome : std::uint8_t {
    established,
    refused,       ///< by the acceptor: the token
    unauthorized,  ///< a principal that is nobody here
    unavailable,   ///< the acceptor, the system's accounts or OpenSSL: not the client's fault
  };
  Outcome outcome = Outcome::unavailable;
  std::shared_ptr<gss::Context> context;  ///< established
  std::vector<std::uint8_t> answer;       ///< established: the token for the client
  std::uint32_t major = 0;                ///< not established
  std::uint32_t minor = 0;
  std::string principal;               ///< as far as it is known
  std::string why;                     ///< for the log
  std::string_view rule = "acceptor";  ///< for the log: rule_word of what refused, or the acceptor
};

/// AcceptPool: takes jobs from the guests in turn, so that one guest's flood costs another one job's time. Bounded by
/// the guests' nascent budgets and by `most` jobs in all. submit() is thread-safe.
class AcceptPool {
 public:
  /// Terms: what is said about every context.
  struct Terms {
    std::chrono::milliseconds patience;          ///< for one token
    std::chrono::milliseconds context_lifetime;  ///< at most
    std::uint32_t window;
    std::size_t lanes;  ///< threads that may use a context
  };
  AcceptPool(std::unique_ptr<gss::Acceptor> acceptor, std::unique_ptr<gss::Mapper> mapper, Terms terms,
             std::size_t threads, std::size_t most);
  ~AcceptPool();

  /// submit: false, and the job is untouched, when too many wait or the pool is stopping.
  bool submit(std::unique_ptr<AcceptJob>& job);
  /// waiting: jobs that no thread is at yet. Thread-safe.
  [[nodiscard]] std::size_t waiting() const;
  /// idle: no job waits, and no thread is at one. Thread-safe.
  [[nodiscard]] bool idle() const;
  /// forget_ids: what principals were mapped to so far is looked up anew. Thread-safe.
  void forget_ids() { mapper_->forget(); }
  /// stop: drops what waits and ends the threads after the jobs that they are at. True: all have ended, and every job's
  /// `done` was called or the job dropped. False: one did not within `grace` (a directory service that hangs cannot be
  /// interrupted): the process can only exit without destroying the pool.
  bool stop(std::chrono::milliseconds grace);

 private:
  void run();
  std::unique_ptr<AcceptJob> next();
  void work(AcceptJob& job);
  void establish(AcceptJob& job, gss::Accepted accepted);

  const std::unique_ptr<gss::Acceptor> acceptor_;
  const std::unique_ptr<gss::Mapper> mapper_;
  const Terms terms_;
  const std::size_t most_;
  mutable std::mutex mutex_;
  std::condition_variable work_there_;
  std::condition_variable thread_ended_;
  bool stopping_ = false;
  std::size_t running_ = 0;
  std::size_t waiting_ = 0;
  std::size_t working_ = 0;  ///< threads that are at a job
  std::unordered_map<runtime::GuestState*, std::deque<std::unique_ptr<AcceptJob>>> queues_;  // none is empty
  std::deque<runtime::GuestState*> turns_;  // the guests with jobs, whose turn is next first
  std::vector<std::jthread> threads_;
};

}  // namespace gatehouse::offload
