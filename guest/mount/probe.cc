#include "guest/mount/probe.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "guest/relay/dial.h"
#include "rpc/call.h"
#include "rpc/record.h"
#include "rpc/reply.h"

namespace gatehouse::guest {
namespace {

constexpr std::int64_t kPatienceMs = 10'000;
constexpr std::uint32_t kXid = 0x67617465;  // any: one call is made
constexpr std::uint32_t kVersion = 4;       // of another the server says PROG_MISMATCH, which is an answer too
constexpr std::uint32_t kLongestReply = 1024;

std::int64_t now_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

bool wait_for(int fd, short events, std::int64_t deadline) {
  for (;;) {
    pollfd p{fd, events, 0};
    const std::int64_t left = deadline - now_ms();
    if (left <= 0) return false;
    const int n = ::poll(&p, 1, static_cast<int>(left));
    if (n > 0) return true;
    if (n == 0 || errno != EINTR) return false;
  }
}

rpc::Bytes null_call(std::array<std::uint8_t, 64>& out) {
  rpc::XdrWriter w(out);
  constexpr std::uint32_t kLength = 40;
  for (const std::uint32_t word :
       {rpc::last_fragment_mark(kLength), kXid, rpc::kCall, rpc::kRpcVersion, rpc::program::kNfs, kVersion, 0U})
    w.u32(word);
  rpc::write_auth(w, rpc::AuthFlavor::none, {});
  rpc::write_auth(w, rpc::AuthFlavor::none, {});
  return w.written();
}

// What an errno of connect() means.
Probe of_connect(int error) {
  switch (error) {
    case EAFNOSUPPORT: return {ProbeOutcome::no_vsock, error};
    case ENODEV: return {ProbeOutcome::no_device, error};
    case ECONNRESET:
    case ECONNREFUSED: return {ProbeOutcome::nobody_listens, error};
    case ETIMEDOUT: return {ProbeOutcome::no_connection, error};
    default: return {ProbeOutcome::failed, error};
  }
}

// Reads exactly into `out`; answered: it is there.
ProbeOutcome read_exactly(int fd, std::span<std::uint8_t> out, std::int64_t deadline) {
  while (!out.empty()) {
    const ssize_t n = ::recv(fd, out.data(), out.size(), MSG_DONTWAIT);
    if (n > 0) {
      out = out.subspan(static_cast<std::size_t>(n));
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
      return ProbeOutcome::closed;
    } else if (!wait_for(fd, POLLIN, deadline)) {
      return ProbeOutcome::silent;
    }
  }
  return ProbeOutcome::answered;
}

ProbeOutcome read_reply(int fd) {
  const std::int64_t deadline = now_ms() + kPatienceMs;
  std::array<std::uint8_t, 4> mark_bytes{};
  if (const auto got = read_exactly(fd, mark_bytes, deadline); got != ProbeOutcome::answered) return got;
  const std::uint32_t mark = rpc::XdrReader(mark_bytes).u32();
  const std::uint32_t length = mark & ~rpc::kLastFragment;
  if ((mark & rpc::kLastFragment) == 0 || length > kLongestReply) return ProbeOutcome::not_rpc;
  std::array<std::uint8_t, kLongestReply> bytes{};
  const auto reply = std::span(bytes).first(length);
  if (const auto got = read_exactly(fd, reply, deadline); got != ProbeOutcome::answered) return got;
  rpc::ReplyHeader header;
  if (rpc::parse_reply_head(reply, true, header) != rpc::HeadStatus::ok || header.xid != kXid)
    return ProbeOutcome::not_rpc;
  const bool no_program = !header.denied && header.accept_stat == rpc::AcceptStat::prog_unavail;
  return no_program ? ProbeOutcome::no_nfs : ProbeOutcome::answered;
}

// A TCP socket from a reserved port, so that the relay carries the question as it will carry root's calls.
net::UniqueFd reserved_tcp(int family) {
  for (std::uint16_t port = kReservedPorts - 1; port >= 665; --port) {
    net::UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_in6 any{};  // its first fields are those of sockaddr_in, and all addresses are zero
    any.sin6_family = static_cast<sa_family_t>(family);
    any.sin6_port = htons(port);
    const socklen_t len = family == AF_INET ? sizeof(sockaddr_in) : sizeof any;
    if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&any), len) == 0) return fd;
    if (errno != EADDRINUSE) break;
  }
  return {};
}

std::string service_of(const net::VsockAddress& to) {
  return "port " + std::to_string(to.port) + " of CID " + std::to_string(*to.cid);
}

// The cases that are the same whichever way the question went.
std::string explain_reply(ProbeOutcome outcome, const std::string& service) {
  switch (outcome) {
    case ProbeOutcome::no_nfs: return service + " offers this guest no NFS: list an NFS backend in its [[guest]] entry";
    case ProbeOutcome::silent:
      return service +
             " took the connection but did not answer within 10 s: does the NFS server behind the gateway run?";
    case ProbeOutcome::not_rpc: return service + " answers, but not in ONC RPC: is it gatehoused?";
    case ProbeOutcome::no_privilege: return "no port below 1024 can be bound here: mounting needs CAP_NET_BIND_SERVICE";
    default: return {};
  }
}

std::string no_vsock() {
  return "this kernel has no AF_VSOCK: modprobe vmw_vsock_virtio_transport";
}

}  // namespace

Probe ask(int fd) {
  if (!wait_for(fd, POLLOUT, now_ms() + kPatienceMs)) return {ProbeOutcome::no_connection, ETIMEDOUT};
  if (const int error = dial_result(fd); error != 0) return of_connect(error);
  std::array<std::uint8_t, 64> bytes{};
  const rpc::Bytes call = null_call(bytes);
  if (::send(fd, call.data(), call.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(call.size()))
    return {ProbeOutcome::closed, errno};
  return {read_reply(fd), 0};
}

Probe probe_vsock(const net::VsockAddress& to) {
  Dialer dialer{Upstream(to)};
  auto dialing = dialer.start({Rank::privileged, 0, 0}, false);
  if (dialing) return ask(dialing->fd.get());
  const DialError error = dialing.error();
  if (error.fault == DialFault::unreachable) return of_connect(error.error);
  return {error.fault == DialFault::no_privilege ? ProbeOutcome::no_privilege : ProbeOutcome::failed, error.error};
}

Probe probe_relay(const RelayPort& relay) {
  const int family = relay.ipv6 ? AF_INET6 : AF_INET;
  const net::UniqueFd fd = reserved_tcp(family);
  if (!fd) return {ProbeOutcome::no_privilege, errno};
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
  } to{};
  to.any.sa_family = static_cast<sa_family_t>(family);
  socklen_t len = sizeof to.v4;
  if (relay.ipv6) {
    to.v6.sin6_port = htons(relay.port);
    to.v6.sin6_addr = in6addr_loopback;
    len = sizeof to.v6;
  } else {
    to.v4.sin_port = htons(relay.port);
    to.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  }
  if (::connect(fd.get(), &to.any, len) != 0 && errno != EINPROGRESS) return of_connect(errno);
  return ask(fd.get());
}

std::string explain(const Probe& probe, const net::VsockAddress& to) {
  const std::string cid = "CID " + std::to_string(*to.cid);
  switch (probe.outcome) {
    case ProbeOutcome::answered: return {};
    case ProbeOutcome::no_vsock: return no_vsock();
    case ProbeOutcome::no_device:
      return "there is no way to " + cid +
             ": load vmw_vsock_virtio_transport, and give this virtual machine a vsock device (CID 2 is the host)";
    case ProbeOutcome::nobody_listens:
      return "nothing listens on port " + std::to_string(to.port) + " of " + cid +
             ": is gatehoused running and is this guest configured?";
    case ProbeOutcome::no_connection:
      return cid + " does not answer: is the host overloaded, or the vsock device stopped?";
    case ProbeOutcome::closed:
      return service_of(to) +
             " closed the connection at once: the gateway has no [[guest]] entry for this virtual machine's CID, or "
             "its limit of connections is reached";
    case ProbeOutcome::failed: return "cannot connect to " + service_of(to) + ": " + std::strerror(probe.error);
    default: return explain_reply(probe.outcome, service_of(to));
  }
}

std::string explain(const Probe& probe, const RelayPort& relay) {
  const std::string service = "the relay at " + std::string(relay.host()) + ':' + std::to_string(relay.port);
  switch (probe.outcome) {
    case ProbeOutcome::answered: return {};
    case ProbeOutcome::nobody_listens:
      return "no relay listens at " + std::string(relay.host()) + ':' + std::to_string(relay.port) +
             ": start gatehouse-guest.socket, or leave relay= out";
    case ProbeOutcome::closed:
      return service +
             " closed the connection: see its log; the host may not answer, or have no [[guest]] entry for this "
             "virtual machine's CID";
    case ProbeOutcome::no_connection: return service + " does not answer";
    case ProbeOutcome::no_vsock:
    case ProbeOutcome::no_device:
    case ProbeOutcome::failed: return "cannot connect to " + service + ": " + std::strerror(probe.error);
    default: return explain_reply(probe.outcome, service);
  }
}

}  // namespace gatehouse::guest
