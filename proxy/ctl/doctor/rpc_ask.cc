#include "proxy/ctl/doctor/rpc_ask.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "proxy/net/hybrid.h"
#include "proxy/net/proxy_header.h"
#include "rpc/record.h"

namespace gatehouse::doctor {
namespace {

using Kind = Fault::Kind;
using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kNobody = 65534;

std::unexpected<Fault> fault(Kind kind, std::string text) {
  return std::unexpected(Fault{kind, std::move(text)});
}

bool wait_for(int fd, short events, Deadline deadline) {
  for (;;) {
    pollfd p{fd, events, 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return false;
    const int n = ::poll(&p, 1, static_cast<int>(left.count()));
    if (n > 0) return true;
    if (n == 0 || errno != EINTR) return false;
  }
}

Fault of_connect(const net::DialError& error, bool reserved) {
  const int e = error.kind == net::DialError::Kind::system ? error.error : 0;
  Kind kind = Kind::no_route;
  if (e == ECONNREFUSED || e == ECONNRESET) kind = Kind::refused;
  if (e == ENOENT || e == ENODEV) kind = Kind::absent;
  if (e == ETIMEDOUT || e == EAGAIN) kind = Kind::no_connection;  // EAGAIN: a unix socket's queue is full
  if (reserved && (e == EACCES || e == EPERM)) kind = Kind::no_privilege;
  return {kind, error.str()};
}

// From a port that anybody may use. TCP over IPv4 alone.
std::expected<net::Dialing, net::DialError> dial_from_high_port(const net::TcpAddress& to,
                                                                const std::array<std::uint8_t, 4>& source) {
  net::Dialing out;
  out.fd.reset(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in here{}, there{};
  here.sin_family = there.sin_family = AF_INET;
  std::memcpy(&here.sin_addr, source.data(), source.size());
  there.sin_addr = std::get<in_addr>(to.host);
  there.sin_port = htons(to.port);
  if (!out.fd || ::bind(out.fd.get(), reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0)
    return std::unexpected(net::DialError{.error = errno});
  out.connected = ::connect(out.fd.get(), reinterpret_cast<const sockaddr*>(&there), sizeof there) == 0;
  if (!out.connected && errno != EINPROGRESS) return std::unexpected(net::DialError{.error = errno});
  return out;
}

std::expected<net::Dialing, net::DialError> dial(const config::Backend& to, const Origin& from) {
  const auto* tcp = std::get_if<net::TcpAddress>(&to.address);
  if (tcp != nullptr && !from.reserved && std::holds_alternative<in_addr>(tcp->host))
    return dial_from_high_port(*tcp, from.address);
  return net::dial(to.address, {.address = from.address, .vsock_buffer = to.vsock_buffer});
}

bool send_all(int fd, rpc::Bytes bytes, Deadline deadline) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n > 0)
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    else if ((errno != EAGAIN && errno != EINTR) || !wait_for(fd, POLLOUT, deadline))
      return false;
  }
  return true;
}

std::expected<void, Fault> greet(int fd, std::uint32_t port, Deadline deadline) {
  if (!net::ask_for_port(fd, port)) return fault(Kind::closed, "the virtual machine monitor closed");
  for (;;) {
    switch (net::read_greeting(fd)) {
      case net::Greeting::accepted: return {};
      case net::Greeting::closed:
        return fault(Kind::refused, net::DialError{.kind = net::DialError::Kind::refused}.str());
      case net::Greeting::garbage:
        return fault(Kind::garbage, net::DialError{.kind = net::DialError::Kind::garbage}.str());
      case net::Greeting::failed: return fault(Kind::closed, std::strerror(errno));
      case net::Greeting::awaited: break;
    }
    if (!wait_for(fd, POLLIN, deadline))
      return fault(Kind::silent, "the virtual machine monitor does not answer CONNECT");
  }
}

// Appends `size` bytes to `out` as they arrive.
std::expected<void, Fault> receive(int fd, std::vector<std::uint8_t>& out, std::size_t size, Deadline deadline) {
  std::array<std::uint8_t, 16384> buffer;
  while (size > 0) {
    const ssize_t n = ::recv(fd, buffer.data(), std::min(size, buffer.size()), 0);
    if (n > 0) {
      out.insert(out.end(), buffer.begin(), buffer.begin() + n);
      size -= static_cast<std::size_t>(n);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
      return fault(Kind::closed, "it took the connection and closed it without a reply");
    } else if (!wait_for(fd, POLLIN, deadline)) {
      return fault(Kind::silent, "it took the connection and did not answer in time");
    }
  }
  return {};
}

std::vector<std::uint8_t> record_of(std::uint32_t xid, const Procedure& what) {
  std::array<std::uint8_t, 64> body{};
  rpc::XdrWriter credential(body);
  if (what.as_nobody) {
    credential.u32(0);  // stamp
    credential.text("gatehousectl");
    for (const std::uint32_t word : {kNobody, kNobody, 0U}) credential.u32(word);
  }
  std::vector<std::uint8_t> out(4 + rpc::kMaxCallHeader + what.arguments.size());
  rpc::XdrWriter w{std::span(out).subspan(4)};
  for (const std::uint32_t word : {xid, rpc::kCall, rpc::kRpcVersion, what.program, what.version, what.procedure})
    w.u32(word);
  rpc::write_auth(w, what.as_nobody ? rpc::AuthFlavor::sys : rpc::AuthFlavor::none, credential.written());
  rpc::write_auth(w, rpc::AuthFlavor::none, {});
  w.raw(what.arguments);
  out.resize(4 + w.size());
  rpc::XdrWriter mark{std::span(out)};
  mark.u32(rpc::last_fragment_mark(static_cast<std::uint32_t>(w.size())));
  return out;
}

}  // namespace

std::string refusal(const Reply& r) {
  if (r.head.denied)
    return r.head.reject_stat == rpc::RejectStat::rpc_mismatch
               ? "RPC_MISMATCH"
               : rpc::rejection_name(rpc::Rejection::auth(static_cast<rpc::AuthStat>(r.head.auth_stat)));
  using Kind = rpc::Rejection::Kind;
  switch (r.head.accept_stat) {
    case rpc::AcceptStat::success: return "success";
    case rpc::AcceptStat::prog_unavail: return rpc::rejection_name(rpc::Rejection::of(Kind::prog_unavail));
    case rpc::AcceptStat::proc_unavail: return rpc::rejection_name(rpc::Rejection::of(Kind::proc_unavail));
    case rpc::AcceptStat::garbage_args: return rpc::rejection_name(rpc::Rejection::of(Kind::garbage_args));
    case rpc::AcceptStat::system_err: return rpc::rejection_name(rpc::Rejection::of(Kind::system_err));
    case rpc::AcceptStat::prog_mismatch: break;
  }
  rpc::XdrReader versions(r.body());
  const std::uint32_t low = versions.u32(), high = versions.u32();
  return "PROG_MISMATCH (it has versions " + std::to_string(low) + " to " + std::to_string(high) + ')';
}

Origin origin_for(const policy::Guest* g) {
  return g == nullptr ? Origin{} : Origin{.address = g->source_address};
}

const policy::Guest* guest_of(const config::Config& c, std::size_t backend) {
  for (const policy::Guest& g : c.guests)
    for (const policy::ProgramGrant& grant : g.programs)
      if (grant.backend == backend) return &g;
  return nullptr;
}

std::optional<std::uint32_t> serves(const config::Backend& b, std::uint32_t program) {
  std::optional<std::uint32_t> out;
  for (const policy::ProgramGrant& grant : b.programs)
    if (grant.program == program) out = std::max(out.value_or(0), grant.high);
  return out;
}

std::expected<Conversation, Fault> Conversation::open(const config::Backend& to, const Origin& from,
                                                      Deadline deadline) {
  auto dialing = dial(to, from);
  if (!dialing) return std::unexpected(of_connect(dialing.error(), from.reserved));
  const int fd = dialing->fd.get();
  if (!dialing->connected) {
    if (!wait_for(fd, POLLOUT, deadline)) return fault(Kind::no_connection, "the connection is not taken in time");
    if (const int error = net::dial_result(fd); error != 0)
      return std::unexpected(of_connect(net::DialError{.error = error}, from.reserved));
  }
  if (to.proxy_protocol) {
    const net::ProxyHeader header = net::write_proxy_header(from.address, 0, to.address);
    if (!send_all(fd, header, deadline)) return fault(Kind::closed, "it closed at the PROXY header");
  }
  if (const auto* hybrid = std::get_if<net::HybridAddress>(&to.address))
    if (auto greeted = greet(fd, hybrid->port, deadline); !greeted) return std::unexpected(std::move(greeted.error()));
  return Conversation(std::move(dialing->fd));
}

std::expected<Reply, Fault> Conversation::call(const Procedure& what, Deadline deadline) {
  const auto began = Clock::now();
  const std::uint32_t xid = ++xid_;
  Reply out;
  if (!send_all(fd_.get(), record_of(xid, what), deadline))
    return fault(Kind::closed, "it took the connection and closed it without a reply");
  std::vector<std::uint8_t> mark_bytes;
  if (auto got = receive(fd_.get(), mark_bytes, 4, deadline); !got) return std::unexpected(std::move(got.error()));
  const std::uint32_t mark = rpc::XdrReader(mark_bytes).u32();
  const std::uint32_t length = mark & ~rpc::kLastFragment;
  if ((mark & rpc::kLastFragment) == 0 || length > kMostReply)
    return fault(Kind::garbage, "what it sends is no RPC reply");
  if (auto got = receive(fd_.get(), out.bytes, length, deadline); !got) return std::unexpected(std::move(got.error()));
  if (rpc::parse_reply_head(out.bytes, true, out.head) != rpc::HeadStatus::ok || out.head.xid != xid)
    return fault(Kind::garbage, "what it sends is no RPC reply to the call");
  out.took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began);
  return out;
}

}  // namespace gatehouse::doctor
