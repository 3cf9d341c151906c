#include "proxy/session/session.h"

#include <sys/epoll.h>

#include <algorithm>

#include "proxy/audit/events.h"
#include "proxy/log/log.h"
#include "rpc/names.h"

namespace gatehouse::session {

using runtime::CloseReason;
using runtime::Count;

namespace {

// A session that is drained waits so long for more of a half-sent call.
constexpr std::uint64_t kStalled = 1000;  // ms

}  // namespace

Session::Session(Context& context, std::uint32_t guest, net::UniqueFd client, net::Peer peer, std::uint64_t id)
    : context_(context),
      place_(guest),
      guest_(context.snapshot->guests[guest]),
      policy_(context.snapshot->policies[guest]),
      id_(id),
      peer_(std::move(peer)),
      rpcbind_(rpcbind_view(context.conf())),
      client_(std::move(client)),
      client_endpoint_{this, nullptr},
      client_sink_(context.buffers),
      in_(record_limits()),
      began_(context.now),
      last_activity_(context.now) {}

Session::~Session() = default;

void Session::start() {
  counters().add(Count::connections);
  epoll_event e{};
  e.events = EPOLLIN | EPOLLRDHUP | EPOLLET;
  e.data.ptr = &client_endpoint_;
  if (::epoll_ctl(context_.epoll, EPOLL_CTL_ADD, client_.get(), &e) != 0)
    return close(CloseReason::client_error, "cannot be watched");
  client_sink_.attach(client_.get(), context_.epoll, &client_endpoint_);
}

void Session::on_client(std::uint32_t events) {
  if (closed_) return;
  last_activity_ = context_.now;
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) in_.readable = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) in_.hangup = true;
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) gone_ = true;
  notice_silent_end();
  // Whoever is gone needs no answers; what it sent is still looked at, unless we could not read it now anyway.
  if (gone_ && client_paused()) return close(CloseReason::client_closed);
  if ((events & EPOLLOUT) != 0 && client_sink_.blocked()) {
    client_sink_.on_writable();
    settle();
    if (!closed_) pump_links();
    if (!closed_ && wait_ == Wait::answers && !client_sink_.blocked()) return resume();
  }
  if (!closed_) pump_client();
}

// AF_VSOCK says no more than EPOLLRDHUP of a peer that closed or was reset while bytes of it are unread. A session that
// does not read now would never learn it, and keep its calls. Sending nothing tells: EPIPE unless the peer has only
// ended its own side.
void Session::notice_silent_end() {
  if (gone_ || !in_.hangup || peer_.transport != net::Transport::vsock) return;
  gone_ = ::send(client_.get(), "", 0, MSG_NOSIGNAL) < 0 && errno == EPIPE;
}

void Session::on_link(Link& link, std::uint32_t events) {
  if (closed_) return;
  last_activity_ = context_.now;
  if (link.state == Link::State::connecting || link.state == Link::State::greeting) {
    link_progress(link);
    settle();
    if (!closed_) pump_client();
    return;
  }
  if (link.state != Link::State::up) return;
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) link.in.readable = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) link.in.hangup = true;
  const bool was_blocked = link.sink.blocked();
  if ((events & EPOLLOUT) != 0 && was_blocked) {
    link.sink.on_writable();
    settle();
  }
  if (!closed_) pump_links();
  if (was_blocked && !closed_) pump_client();
}

void Session::resume() {
  if (closed_) return;
  if (wait_ != Wait::nothing && !last_words_) {
    retried_ = std::exchange(wait_, Wait::nothing);
    process_held(in_, nullptr);
    retried_ = Wait::nothing;
    after_input(in_);
  }
  for (const auto& link : links_) {
    if (closed_ || !std::exchange(link->waiting, false)) continue;
    process_held(link->in, link.get());
    after_input(link->in);
  }
  if (!closed_) pump_client();
  if (!closed_) pump_links();
}

void Session::on_retry() {
  if (closed_) return;
  if (wait_ == Wait::init_rate) return resume();
  for (const auto& link : links_)
    if (!closed_ && link->state == Link::State::waiting) dial_link(*link);
  // A unix socket connects at once: what the client sent meanwhile lies unread, and no event will say so again.
  settle();
  if (!closed_) pump_client();
}

namespace {

// What a direction holds of the guest's share of memory. A few hundred bytes of a split header are not counted, so that
// a slow link costs no shared counter at every read.
std::size_t held_bytes(const Inbound& in) {
  return in.reader.gathered() + (in.nfs != nullptr ? in.nfs->held() : 0) +
         (in.held.size() > ReadBuffer::kHeadroom ? in.held.size() : 0);
}

}  // namespace

// After every step: looks after broken sockets, and brings the guest's budget up to what is held now.
void Session::settle() {
  if (closed_) return;
  if (client_sink_.failed()) return close(gone_ || in_.hangup ? CloseReason::client_closed : CloseReason::client_error);
  std::uint64_t held = held_bytes(in_) + client_sink_.pending() + answers_.size();
  if (gss_ != nullptr) held += gss_->body.unreserved();
  for (const auto& link : links_) {
    if (link->sink.failed() && link->state == Link::State::up) link_ended(*link);
    if (closed_) return;
    held += held_bytes(link->in) + link->sink.pending();
  }
  if (held != charged_) charge(held);
  if (in_.ended || last_words_ || draining_) finish_if_done();
}

void Session::charge(std::uint64_t held) {
  if (held < charged_) {
    guest_->buffered.give(charged_ - held);
  } else if (!guest_->buffered.try_take(held - charged_)) {
    return close(CloseReason::buffered_bytes);
  }
  charged_ = held;
}

void Session::finish_if_done() {
  if (closed_ || client_sink_.blocked()) return;
  if (last_words_) return close(CloseReason::backend_closed);
  // Of the call that is being received nothing is owed, if it does not come on.
  const bool stalled = body_to_ != nullptr && context_.now - last_activity_ >= kStalled;
  const bool leaving = draining_ && (body_to_ == nullptr || stalled);
  if (!in_.ended && !leaving) return;
  const bool creating = gss_ != nullptr && !gss_->inits.empty();
  const bool sealing = std::ranges::any_of(links_, [](const auto& l) { return l->sealed.results.active(); });
  const std::size_t owed = calls_.size() - (stalled ? 1 : 0);
  if (owed == 0 && !creating && !sealing && answers_.empty() && reply_owner_ == nullptr)
    close(leaving ? CloseReason::shutdown : CloseReason::client_closed);
}

void Session::tick_inbound(Inbound& in, bool paused) {
  if (in.partial_since == 0) return;
  if (paused) {
    in.partial_since = context_.now;
  } else if (context_.now - in.partial_since >=
             static_cast<std::uint64_t>(context_.conf().gateway.record_timeout.count())) {
    close(CloseReason::record_timeout);
  }
}

// A server may answer a call that was sent twice only once: the other's slot comes back after a while.
void Session::expire_calls() {
  const auto patience = static_cast<std::uint64_t>(context_.conf().gateway.record_timeout.count());
  if (context_.now <= patience) return;
  while (const auto left = calls_.expire(context_.now - patience)) {
    guest_->in_flight.give(left->calls);
    for (const auto& link : links_)
      if (link->number == left->link) link->outstanding -= left->calls;
  }
  if (in_.ended) finish_if_done();
}

void Session::tick() {
  if (closed_) return;
  notice_silent_end();
  if (gone_ && client_paused()) return close(CloseReason::client_closed);
  expire_calls();
  if (!closed_ && draining_) finish_if_done();
  if (gss_ != nullptr) expire_inits();
  if (closed_) return;
  if (calls_.size() == 0) calls_.release();
  if (traced_ != nullptr && !guest_->trace->wanted()) traced_.reset();
  if (in_.reader.idle()) in_.reader.release();
  tick_inbound(in_, client_paused());
  for (const auto& link : links_) {
    if (closed_) return;
    const bool dialing = link->state != Link::State::idle && link->state != Link::State::up;
    const std::uint64_t limit = link->backend == nullptr ? 0 : link->backend->connect_timeout();
    if (dialing && context_.now - link->dialing_since >= limit) return close(CloseReason::backend_unreachable);
    if (link->in.reader.idle()) link->in.reader.release();
    tick_inbound(link->in, link_paused(*link));
  }
  if (closed_) return;
  const std::uint64_t idle = context_.now - last_activity_;
  const bool nothing_due = calls_.size() == 0 || client_sink_.blocked() || in_.ended;
  if (nothing_due && idle >= static_cast<std::uint64_t>(context_.conf().gateway.idle_timeout.count()))
    close(CloseReason::idle_timeout);
}

void Session::close(CloseReason why, std::string detail) {
  if (closed_) return;
  closed_ = true;
  context_.batch.finish();
  if (traced_ != nullptr) trace_lost();
  counters().add(why);
  log_close(why, detail);
  if (wait_ == Wait::in_flight) guest_->in_flight.forget(context_.waiter(id_));
  if (wait_ == Wait::nascent) guest_->nascent.forget(context_.waiter(id_));
  drop_gss();
  guest_->in_flight.give(calls_.size());
  guest_->buffered.give(charged_);
  guest_->connections.give(1);
  charged_ = 0;
  client_sink_.detach();
  client_.reset();
  for (const auto& link : links_) {
    link->sink.detach();
    link->fd.reset();
  }
  context_.pipes.put(std::move(in_.pipe));
  for (const auto& link : links_) context_.pipes.put(std::move(link->in.pipe));
  context_.retire(*this);
}

void Session::log_close(CloseReason why, const std::string& detail) {
  const bool ordinary = why == CloseReason::client_closed || why == CloseReason::client_error ||
                        why == CloseReason::idle_timeout || why == CloseReason::shutdown;
  if (ordinary) return;
  if (runtime::refuses(why)) record([&] { return audit::connection_closed(peer_, runtime::close_word(why), detail); });
  const auto allowed = guest_->log.ask(context_.now / 1000);
  if (!allowed.allowed) return counters().add(Count::log_lines_suppressed);
  log::Line line(log::Level::warning, "closed");
  line.add("guest", guest_->name).add("peer", peer_.str()).add("reason", runtime::close_word(why));
  if (!detail.empty()) line.add("detail", detail);
  if (allowed.suppressed > 0) line.add("suppressed", allowed.suppressed);
  line.write();
}

void Session::log_refusal(const rpc::CallHeader& call, const policy::Decision& d, std::string_view principal) {
  record(
      [&] { return audit::call_refused(peer_, call, d, principal, policy::describe(policy(), call, peer_.port, d)); });
  const auto allowed = guest_->log.ask(context_.now / 1000);
  if (!allowed.allowed) return counters().add(Count::log_lines_suppressed);
  log::Line line(log::Level::warning, "refused");
  line.add("guest", guest_->name)
      .add("peer", peer_.str())
      .add("rule", policy::rule_word(d.rule))
      .add("reply", rpc::rejection_name(d.rejection))
      .add("program", rpc::program_name(call.program))
      .add("version", call.version)
      .add("procedure", rpc::procedure_name(call.program, call.version, call.procedure))
      .add("uid", d.claimed_uid);
  if (!principal.empty()) line.add("principal", principal);
  line.add("reason", policy::describe(policy(), call, peer_.port, d));
  if (allowed.suppressed > 0) line.add("suppressed", allowed.suppressed);
  line.write();
}

}  // namespace gatehouse::session
