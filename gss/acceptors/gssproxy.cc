// The acceptor that asks gssproxy.
#include <atomic>
#include <condition_variable>
#include <mutex>

#include "gss/acceptors/acceptor.h"
#include "gss/acceptors/gssproxy_link.h"
#include "gss/acceptors/gssproxy_message.h"
#include "gss/acceptors/krb5_token.h"
#include "gss/acceptors/text.h"
#include "gss/init.h"

namespace gatehouse::gss {
namespace {

std::unexpected<Refused> unavailable(std::string text) {
  return std::unexpected(Refused{.major = kGssFailure, .minor = 0, .text = std::move(text), .unavailable = true});
}

// Connections that wait for use, and how many may be in use. Thread-safe.
class LinkPool {
 public:
  explicit LinkPool(std::size_t most) : free_(std::max<std::size_t>(most, 1)) {}

  // enter: waits for a place; false: there was none by the deadline. Each enter() that succeeded wants a leave().
  bool enter(Deadline deadline) {
    std::unique_lock lock(mutex_);
    if (!left_.wait_until(lock, deadline, [this] { return free_ > 0; })) return false;
    --free_;
    return true;
  }
  void leave() {
    {
      const std::lock_guard lock(mutex_);
      ++free_;
    }
    left_.notify_one();
  }

  // take: a connection that was used before and seems well.
  std::optional<GssproxyLink> take() {
    const std::lock_guard lock(mutex_);
    while (!idle_.empty()) {
      GssproxyLink link = std::move(idle_.back());
      idle_.pop_back();
      if (link.quiet()) return link;
    }
    return std::nullopt;
  }
  void put(GssproxyLink link) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(link));
  }

 private:
  std::mutex mutex_;
  std::condition_variable left_;
  std::size_t free_;
  std::vector<GssproxyLink> idle_;
};

class GssproxyAcceptor final : public Acceptor {
 public:
  GssproxyAcceptor(std::string socket, std::string service, std::size_t connections)
      : socket_(std::move(socket)), service_(std::move(service)), pool_(connections) {}

  std::expected<Accepted, Refused> accept(rpc::Bytes token, std::chrono::milliseconds patience) override;

 private:
  std::expected<Accepted, Refused> ask(rpc::Bytes token, Deadline deadline);
  std::expected<WipedBytes, LinkFault> exchange(std::optional<GssproxyLink>& link, rpc::Bytes call, Deadline deadline);

  const std::string socket_;
  const std::string service_;
  LinkPool pool_;
  std::atomic<std::uint32_t> xid_{0};
};

std::expected<Accepted, Refused> GssproxyAcceptor::accept(rpc::Bytes token, std::chrono::milliseconds patience) {
  if (const InitialTokenKind kind = initial_token_kind(token); kind != InitialTokenKind::krb5)
    return std::unexpected(Refused{
        .major = initial_token_kind_major(kind), .minor = 0, .text = std::string(initial_token_kind_text(kind))});
  const Deadline deadline = std::chrono::steady_clock::now() + patience;
  if (!pool_.enter(deadline)) return unavailable("all connections to gssproxy are in use");
  auto out = ask(token, deadline);
  pool_.leave();
  return out;
}

std::expected<Accepted, Refused> GssproxyAcceptor::ask(rpc::Bytes token, Deadline deadline) {
  const std::uint32_t xid = xid_.fetch_add(1, std::memory_order_relaxed) + 1;
  const std::vector<std::uint8_t> call = encode_accept_call(xid, token);
  if (call.empty())
    return std::unexpected(Refused{.major = kGssDefectiveToken, .minor = 0, .text = "the token is too long"});
  std::optional<GssproxyLink> link;
  const auto reply = exchange(link, call, deadline);
  if (!reply) return unavailable(reply.error().text);
  auto out = read_accept_reply(*reply, xid, service_);
  // Out of step, or without credentials: the next call begins afresh.
  if (link && (out || !out.error().unavailable)) pool_.put(std::move(*link));
  if (out && ticket_ended(out->ticket_end_s))
    return std::unexpected(Refused{.major = kGssCredentialsExpired, .minor = 0, .text = std::string(kExpiredText)});
  return out;
}

// A connection that gssproxy closed while nobody used it (it was restarted) shows that only now, sometimes: then once
// more, on a new one. A call is never sent twice to a gssproxy that began to answer.
std::expected<WipedBytes, LinkFault> GssproxyAcceptor::exchange(std::optional<GssproxyLink>& link, rpc::Bytes call,
                                                                Deadline deadline) {
  link = pool_.take();
  if (link) {
    auto reply = link->exchange(call, deadline);
    if (reply || !reply.error().closed) return reply;
  }
  auto opened = GssproxyLink::open(socket_, deadline);
  if (!opened) return std::unexpected(LinkFault{.text = std::move(opened.error()), .closed = true});
  link = std::move(*opened);
  return link->exchange(call, deadline);
}

}  // namespace

std::unique_ptr<Acceptor> make_gssproxy_acceptor(std::string socket, std::string service, std::size_t connections) {
  return std::make_unique<GssproxyAcceptor>(std::move(socket), std::move(service), connections);
}

}  // namespace gatehouse::gss
