// Making and ending links to backends.
#include <sys/epoll.h>

#include <algorithm>

#include "proxy/log/log.h"
#include "proxy/net/hybrid.h"
#include "proxy/net/proxy_header.h"
#include "proxy/session/session.h"

namespace gatehouse::session {
namespace {

constexpr std::uint32_t kFirstBackoff = 50;  // ms
constexpr std::uint32_t kLongestBackoff = 2000;

// The peer's port where it is below `end`, else 0: a vsock port has 32 bits.
std::uint16_t port_below(std::uint32_t end, std::optional<std::uint32_t> port) {
  return port && *port < end ? static_cast<std::uint16_t>(*port) : std::uint16_t{0};
}

}  // namespace

// The session's link to `backend`; made at first use, and dialed whenever it is not there.
Link& Session::link_for(std::uint16_t backend) {
  const auto at = std::ranges::find(links_, backend, [](const auto& l) { return l->place; });
  Link& link = at != links_.end() ? **at : new_link(backend);
  if (link.state != Link::State::idle) return link;
  link.dialing_since = context_.now;
  link.backoff = 0;
  if (link.backend->conf.proxy_protocol) {
    net::ProxyHeader header =
        net::write_proxy_header(policy().source_address, port_below(65536, peer_.port), link.backend->conf.address);
    iovec piece{header.data(), header.size()};
    link.sink.send(&piece, 1);
  }
  dial_link(link);
  return link;
}

// A link to a backend that went is idle, and used again.
Link& Session::new_link(std::uint16_t backend) {
  auto at = std::ranges::find_if(links_, [](const auto& l) { return !l->place; });
  if (at == links_.end()) {
    const auto number = static_cast<std::uint16_t>(links_.size());
    at = links_.insert(at, std::make_unique<Link>(this, number, record_limits(), context_.buffers));
  }
  (*at)->place = backend;
  (*at)->backend = context_.snapshot->backends[backend];
  (*at)->carried_nfs4 = false;
  return **at;
}

void Session::dial_link(Link& link) {
  constexpr std::uint32_t kPorts = net::kLastReservedPort - net::kFirstReservedPort + 1;
  net::SourceRule from;
  from.address = policy().source_address;
  from.vsock_buffer = link.backend->conf.vsock_buffer;
  from.preferred_port = port_below(authunix::kFirstUnprivilegedPort, peer_.port);
  from.start = static_cast<std::uint16_t>(net::kFirstReservedPort + guest_->next_port.fetch_add(1) % kPorts);
  auto dialing = net::dial(link.backend->conf.address, from);
  if (!dialing) return link_failed(link, dialing.error());
  link.fd = std::move(dialing->fd);
  link.state = Link::State::connecting;
  epoll_event e{};
  e.events = EPOLLIN | EPOLLRDHUP | EPOLLET | (dialing->connected ? 0U : EPOLLOUT);
  e.data.ptr = &link.endpoint;
  if (::epoll_ctl(context_.epoll, EPOLL_CTL_ADD, link.fd.get(), &e) != 0)
    return link_failed(link, net::DialError{.error = errno});
  if (dialing->connected) link_connected(link);
}

// An event of a link that is not up yet.
void Session::link_progress(Link& link) {
  if (link.state == Link::State::connecting) {
    const int error = net::dial_result(link.fd.get());
    return error != 0 ? link_failed(link, net::DialError{.error = error}) : link_connected(link);
  }
  using Kind = net::DialError::Kind;
  switch (net::read_greeting(link.fd.get())) {
    case net::Greeting::awaited: return;
    case net::Greeting::accepted: return link_up(link);
    case net::Greeting::closed: return link_failed(link, {.kind = Kind::refused});
    case net::Greeting::garbage: return link_failed(link, {.kind = Kind::garbage});
    case net::Greeting::failed: return link_failed(link, {.error = errno});
  }
}

void Session::link_connected(Link& link) {
  const auto* const hybrid = std::get_if<net::HybridAddress>(&link.backend->conf.address);
  if (hybrid == nullptr) return link_up(link);
  if (!net::ask_for_port(link.fd.get(), hybrid->port)) return link_failed(link, {.error = errno});
  link.state = Link::State::greeting;
}

void Session::link_up(Link& link) {
  link.state = Link::State::up;
  link.in.readable = true;
  if (link.backend->came_up())
    log::Line(log::Level::info, "backend-up").add("backend", link.backend->conf.name).write();
  link.sink.attach(link.fd.get(), context_.epoll, &link.endpoint);
}

void Session::link_failed(Link& link, const net::DialError& why) {
  link.fd.reset();
  link.state = Link::State::waiting;
  if (link.backend->went_down())
    log::Line(log::Level::error, "backend-down")
        .add("backend", link.backend->conf.name)
        .add("address", net::format(link.backend->conf.address))
        .add("error", why.str())
        .add("hint", "calls wait and the link is retried; start the backend or mend its address")
        .write();
  link.backoff = link.backoff == 0 ? kFirstBackoff : std::min(link.backoff * 2, kLongestBackoff);
  context_.call_at(context_.now + link.backoff, *this);
}

// Forgets a link that owes nothing. The next call makes it anew.
void Session::drop_link(Link& link) {
  link.sink.detach();
  link.fd.reset();
  link.state = Link::State::idle;
  link.in = Inbound(record_limits());
  link.callbacks = {};
  link.discarding = false;
}

}  // namespace gatehouse::session
