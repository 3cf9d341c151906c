// INIT: tokens to the acceptor, contexts back.
#include "proxy/audit/events.h"
#include "proxy/log/log.h"
#include "proxy/session/session.h"

namespace gatehouse::session {
namespace {

using rpc::RecordReader;
using runtime::CloseReason;
using runtime::Count;

// A context that expired is told so for a while; later it is one that nobody knows.
constexpr std::uint64_t kExpiredGrace = 5 * 60 * 1000;  // ms

}  // namespace

// Begins to read the token of an INIT. It waits, with nothing but its header, for the guest's nascent budget and for
// its turn in the second.
Session::Step Session::create_context(const rpc::CallHeader& call, const RecordReader::Item& item, rpc::Bytes& in) {
  GssSide& g = *gss_;
  if (!g.nascent) {
    // Whoever may not even send NULL to the program has no use for a context.
    rpc::CallHeader null = call;
    null.procedure = 0;
    const policy::Decision d = policy::decide_gss(policy(), null, rpc::GssService::none, {});
    if (d.verdict == policy::Verdict::refuse) return refuse(call, d, item, in);
    if (!take_unit(guest_->nascent, Wait::nascent, Count::waits_init)) return Step::wait;
    g.nascent = true;
  }
  if (const std::uint64_t ms = guest_->inits.take(context_.now); ms > 0) {
    context_.call_at(context_.now + ms, *this);
    return stop_for(Wait::init_rate, Count::waits_init);
  }
  count_call(call, runtime::CallEnd::answered);
  const std::size_t length = item.length - call.size;
  if (length > rpc::padded(gss::kMaxInitArgs)) {
    g.nascent = false;
    guest_->nascent.give(1);
    log_finding(call, "token-too-long", "GSS_S_DEFECTIVE_TOKEN");
    fail_init(call.xid, gss::kGssDefectiveToken, 0, {});
    return skip_call(item, in);
  }
  const rpc::Bytes here = item.bytes.subspan(call.size);
  if (item.complete) {
    in_.reader.take(in, item.bytes.size());
    submit_token(call.xid, here);
    return Step::done;
  }
  g.creating = true;
  g.init_xid = call.xid;
  // Nobody is authenticated yet: the memory grows with what arrives.
  g.body.open(context_.buffers, length, 0, 0, Gather::Memory::by_bytes);
  g.body.append(here);
  return skip_call(item, in);
}

// Hands the token in `args` to the acceptor.
void Session::submit_token(std::uint32_t xid, rpc::Bytes args) {
  GssSide& g = *gss_;
  g.nascent = false;
  auto job = std::make_unique<offload::AcceptJob>(guest_, policy_);  // has the nascent unit from now on
  const auto token = gss::parse_init_args(args);
  if (!token) {
    //= rfc2203#5.2.3.2
    //# an accepted creation request with a status other than SUCCESS has an empty AUTH_NONE verifier
    rpc::RejectionBytes out;
    counters().add(Count::garbage_args);
    counters().add(Count::rejections);
    record([&] { return audit::context_refused(peer_, {}, "garbage-args", {}); });
    return answer(rpc::write_rejection(xid, rpc::Rejection::of(rpc::Rejection::Kind::garbage_args), out));
  }
  job->session = id_;
  job->number = g.next_number++;
  job->thread = context_.thread;
  job->token.assign(token->begin(), token->end());
  job->until = std::chrono::steady_clock::now() + context_.conf().kerberos.accept_timeout;
  const std::uint64_t number = job->number;
  if (context_.accept(job)) {
    g.inits.push_back({number, xid, context_.now});
    return;
  }
  job->why = "too many tokens wait for the acceptor";
  log_accepted(*job);
  fail_init(xid, gss::kGssFailure, 0, job->rule, job->why);
}

void Session::on_accepted(std::unique_ptr<offload::AcceptJob> job) {
  if (closed_) return;
  const auto at = std::ranges::find(gss_->inits, job->number, &GssSide::PendingInit::number);
  // The client was told already that it took too long.
  if (at == gss_->inits.end()) return;
  const std::uint32_t xid = at->xid;
  gss_->inits.erase(at);
  last_activity_ = context_.now;
  log_accepted(*job);
  if (job->outcome == offload::AcceptJob::Outcome::established) {
    establish(xid, *job);
  } else {
    fail_init(xid, job->major, job->minor, job->rule, job->why, job->principal);
  }
  if (closed_) return;
  context_.batch.finish();
  settle();
}

//= rfc2203#5.2.3.1
//# seq_window is the length of the window that the server keeps for the context
void Session::establish(std::uint32_t xid, offload::AcceptJob& job) {
  // It was accepted under another policy, which a reload has replaced.
  if (!runtime::context_stands(job.context->identity(), policy(), context_.conf().principals))
    return fail_init(xid, gss::kGssUnauthorized, 0, "reload", {}, job.context->identity().principal);
  gss::Verifier v;
  if (!make_verifier(*job.context, job.context->window().size(), v))
    return fail_init(xid, gss::kGssFailure, 0, "verifier", {}, job.context->identity().principal);
  counters().add(Count::contexts_established);
  job.context->touch(context_.now);
  counters().add(Count::contexts_evicted, guest_->contexts.add(job.context, context_.clock(), audit_end("evicted")));
  record([&] {
    const bool keytab = context_.conf().kerberos.acceptor == config::Kerberos::Acceptor::keytab;
    const auto left = static_cast<std::int64_t>(job.context->ends_in(context_.clock()) / 1000);
    return audit::context_made(peer_, job.context->identity(), keytab ? "keytab" : "gssproxy", context_.wall + left);
  });
  const gss::InitResult result{job.context->handle(), gss::kGssComplete, 0, job.context->window().size(), job.answer};
  answer_init(xid, result, v.view());
}

// An empty rule: the audit log was told already.
void Session::fail_init(std::uint32_t xid, std::uint32_t major, std::uint32_t minor, std::string_view rule,
                        std::string_view why, std::string_view principal) {
  counters().add(Count::contexts_refused);
  if (!rule.empty()) record([&] { return audit::context_refused(peer_, principal, rule, why); });
  answer_init(xid, {{}, major, minor, 0, {}}, {});
}

void Session::answer_init(std::uint32_t xid, const gss::InitResult& result, rpc::Bytes verifier) {
  std::vector<std::uint8_t> record(4 + gss::init_reply_size(result, verifier));
  rpc::XdrWriter(record).u32(rpc::last_fragment_mark(static_cast<std::uint32_t>(record.size() - 4)));
  rpc::XdrWriter w(std::span<std::uint8_t>(record).subspan(4));
  gss::write_init_reply(w, xid, result, verifier);
  answer(record);
  // A large token was referred to, not copied.
  if (reply_owner_ == nullptr) context_.batch.finish();
}

void Session::log_accepted(const offload::AcceptJob& job) {
  using Outcome = offload::AcceptJob::Outcome;
  const bool good = job.outcome == Outcome::established;
  if (!good) {
    const auto allowed = guest_->log.ask(context_.now / 1000);
    if (!allowed.allowed) return counters().add(Count::log_lines_suppressed);
  }
  const log::Level level = good                                  ? log::Level::debug
                           : job.outcome == Outcome::unavailable ? log::Level::error
                                                                 : log::Level::warning;
  log::Line line(level, good ? "context" : "context-refused");
  line.add("guest", guest_->name).add("peer", peer_.str());
  if (!job.principal.empty()) line.add("principal", job.principal);
  if (!good) line.add("rule", job.rule);
  line.add("reason", job.why);
  line.write();
}

gss::ContextTable::Ended Session::audit_end(std::string_view cause) {
  return [this, cause](const gss::Context& c) { record([&] { return audit::context_ended(c.identity(), cause); }); };
}

// Once a second: answers creations that took too long, and lets go of contexts that ended.
void Session::expire_inits() {
  GssSide& g = *gss_;
  const auto patience = static_cast<std::uint64_t>(context_.conf().kerberos.accept_timeout.count());
  while (!closed_ && !g.inits.empty() && context_.now - g.inits.front().since > patience) {
    const std::uint32_t xid = g.inits.front().xid;
    g.inits.erase(g.inits.begin());
    log::Line(log::Level::error, "accept-timeout")
        .add("guest", guest_->name)
        .add("hint", "the acceptor or the system's accounts did not answer within kerberos.accept_timeout")
        .write();
    fail_init(xid, gss::kGssFailure, 0, "accept-timeout");
    context_.batch.finish();
  }
  if (guest_->sweep_due(context_.now))
    counters().add(Count::contexts_expired,
                   guest_->contexts.sweep(context_.clock(), kExpiredGrace, audit_end("expired")));
  g.contexts.drop_retired();
  if (in_.ended || draining_) finish_if_done();
}

// The session closes: gives back what was taken for calls and replies that are not whole.
void Session::drop_gss() {
  runtime::Waiter waiter = context_.waiter(id_);
  for (const auto& link : links_) {
    waiter.part = link->number + 1U;
    if (link->waiting) guest_->gss_replies.forget(waiter);
    link->sealed.results.close();
    if (link->sealed.reserved > 0) guest_->gss_replies.give(std::exchange(link->sealed.reserved, 0));
  }
  if (gss_ == nullptr) return;
  if (wait_ == Wait::gss_bytes) guest_->gss_requests.forget(context_.waiter(id_));
  gss_->body.close();
  if (gss_->reserved > 0) guest_->gss_requests.give(gss_->reserved);
  if (gss_->admitted && gss_->admitted->in_flight) guest_->in_flight.give(1);
  if (gss_->nascent) guest_->nascent.give(1);
  gss_.reset();
}

}  // namespace gatehouse::session
