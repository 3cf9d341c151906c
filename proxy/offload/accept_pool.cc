#include "proxy/offload/accept_pool.h"

#include "proxy/runtime/clock.h"

#include <ctime>

#include "gss/init.h"

namespace gatehouse::offload {
namespace {

using Outcome = AcceptJob::Outcome;

void fail(AcceptJob& job, Outcome outcome, std::uint32_t major, std::string why) {
  job.outcome = outcome;
  job.major = major;
  job.why = std::move(why);
}

}  // namespace

AcceptPool::AcceptPool(std::unique_ptr<gss::Acceptor> acceptor, std::unique_ptr<gss::Mapper> mapper, Terms terms,
                       std::size_t threads, std::size_t most)
    : acceptor_(std::move(acceptor)), mapper_(std::move(mapper)), terms_(terms), most_(most) {
  running_ = threads;
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

AcceptPool::~AcceptPool() {
  (void)stop(std::chrono::milliseconds(0));
  threads_.clear();
}

bool AcceptPool::submit(std::unique_ptr<AcceptJob>& job) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || waiting_ >= most_) return false;
    auto& queue = queues_[job->guest.get()];
    if (queue.empty()) turns_.push_back(job->guest.get());
    queue.push_back(std::move(job));
    ++waiting_;
  }
  work_there_.notify_one();
  return true;
}

std::size_t AcceptPool::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_;
}

bool AcceptPool::idle() const {
  const std::lock_guard lock(mutex_);
  return waiting_ == 0 && working_ == 0;
}

bool AcceptPool::stop(std::chrono::milliseconds grace) {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  queues_.clear();
  turns_.clear();
  waiting_ = 0;
  work_there_.notify_all();
  return thread_ended_.wait_for(lock, grace, [this] { return running_ == 0; });
}

std::unique_ptr<AcceptJob> AcceptPool::next() {
  std::unique_lock lock(mutex_);
  work_there_.wait(lock, [this] { return stopping_ || !turns_.empty(); });
  if (stopping_) return nullptr;
  const auto at = queues_.find(turns_.front());
  turns_.pop_front();
  std::unique_ptr<AcceptJob> job = std::move(at->second.front());
  at->second.pop_front();
  --waiting_;
  ++working_;
  if (at->second.empty()) {
    queues_.erase(at);
  } else {
    turns_.push_back(at->first);
  }
  return job;
}

void AcceptPool::run() {
  while (auto job = next()) {
    work(*job);
    AcceptJob* const j = job.get();
    j->done(j->owner, std::move(job));
    const std::lock_guard lock(mutex_);
    --working_;
  }
  const std::lock_guard lock(mutex_);
  --running_;
  thread_ended_.notify_all();
}

void AcceptPool::work(AcceptJob& job) {
  using std::chrono::steady_clock;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(job.until - steady_clock::now());
  if (left.count() <= 0)
    return fail(job, Outcome::unavailable, gss::kGssFailure, "it waited longer than accept_timeout");
  auto accepted = acceptor_->accept(job.token, std::min(left, terms_.patience));
  if (!accepted) {
    fail(job, accepted.error().unavailable ? Outcome::unavailable : Outcome::refused, accepted.error().major,
         std::move(accepted.error().text));
    job.minor = accepted.error().minor;
    return;
  }
  job.principal = accepted->principal;
  if (!policy::principal_allowed(job.policy->guest, job.principal)) {
    job.rule = policy::rule_word(policy::Rule::principal);
    return fail(job, Outcome::unauthorized, gss::kGssUnauthorized, "it is not in the guest's principals");
  }
  establish(job, std::move(*accepted));
}

void AcceptPool::establish(AcceptJob& job, gss::Accepted accepted) {
  gss::Mapping mapping = mapper_->map(job.principal, accepted.looked_up, accepted.ids);
  switch (mapping.outcome) {
    case gss::Mapping::Outcome::ids: break;
    case gss::Mapping::Outcome::denied:
      job.rule = policy::rule_word(policy::Rule::principal);
      return fail(job, Outcome::unauthorized, gss::kGssUnauthorized, std::move(mapping.how));
    case gss::Mapping::Outcome::no_account:
      job.rule = policy::rule_word(policy::Rule::no_account);
      return fail(job, Outcome::unauthorized, gss::kGssUnauthorized, std::move(mapping.how));
    case gss::Mapping::Outcome::lookup_failed:
      job.rule = policy::rule_word(policy::Rule::lookup_failed);
      return fail(job, Outcome::unavailable, gss::kGssFailure, std::move(mapping.how));
  }
  gss::Context::Terms terms;
  terms.key = accepted.key;
  terms.identity = {job.principal, std::move(mapping.ids),
                    gss::rule_text(gss::first_match(mapper_->rules(), job.principal))};
  terms.ticket_end_s = accepted.ticket_end_s;
  terms.lifetime_end_ms = runtime::monotonic_ms() + static_cast<std::uint64_t>(terms_.context_lifetime.count());
  terms.window = terms_.window;
  job.context = gss::Context::make(std::move(terms), terms_.lanes, job.thread);
  if (job.context == nullptr)
    return fail(job, Outcome::unavailable, gss::kGssFailure, "OpenSSL cannot use the context's key");
  job.outcome = Outcome::established;
  job.answer = std::move(accepted.token);
  job.why = std::move(mapping.how);
}

}  // namespace gatehouse::offload
