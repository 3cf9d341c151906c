#include "tests/vm/vsguest/machine.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace gatehouse::vsguest {
namespace {

constexpr auto patience = std::chrono::seconds(30);
constexpr std::uint32_t privileged = 1024;

// tcp_port returns the port of the other end of a TCP connection, 0 for a unix socket.
std::uint32_t tcp_port(const bench::Fd& fd) {
  sockaddr_in peer{};
  socklen_t size = sizeof peer;
  if (getpeername(fd.get(), reinterpret_cast<sockaddr*>(&peer), &size) != 0 || peer.sin_family != AF_INET) return 0;
  return ntohs(peer.sin_port);
}

}  // namespace

std::expected<std::unique_ptr<Machine>, std::string> Machine::make(std::uint64_t cid, std::uint32_t window) {
  std::unique_ptr<Machine> machine(new Machine(window));
  auto device = Device::open(cid);
  if (!device) return std::unexpected(device.error());
  machine->device_ = std::move(*device);
  machine->epoll_ = bench::Fd(epoll_create1(EPOLL_CLOEXEC));
  for (const bench::Fd* event : machine->device_->events()) {
    if (!bench::watch(machine->epoll_, *event, nullptr)) return std::unexpected(bench::error_text("epoll"));
  }
  return machine;
}

std::expected<void, std::string> Machine::relay(const bench::Address& address, std::uint32_t host_port) {
  auto fd = bench::listen_on(address);
  if (!fd) return std::unexpected(fd.error());
  listeners_.push_back(std::make_unique<Listener>(std::move(*fd), host_port));
  if (!bench::watch(epoll_, listeners_.back()->fd, nullptr)) return std::unexpected(bench::error_text("epoll"));
  return {};
}

std::uint32_t Machine::free_port(std::uint32_t wanted, std::uint32_t host_port) {
  if (wanted != 0 && wanted < privileged && !streams_.contains({wanted, host_port})) return wanted;
  while (streams_.contains({next_port_, host_port}) || flooded_.contains({next_port_, host_port})) ++next_port_;
  return next_port_++;
}

void Machine::accept_all(Listener& listener) {
  for (bench::Fd fd = bench::accept_from(listener.fd); fd.get() >= 0; fd = bench::accept_from(listener.fd)) {
    const std::uint32_t local_port = tcp_port(fd);
    const Ports ports{free_port(local_port, listener.host_port), listener.host_port};
    if (!bench::watch(epoll_, fd, nullptr)) continue;
    auto& stream = streams_[ports] = std::make_unique<Stream>(*device_, ports, window_, std::move(fd));
    stream->request_until(Clock::now() + patience);
    std::printf("relay %u -> %u\n", local_port, ports.ours);
  }
}

void Machine::serve_request(const virtio_vsock_hdr& header) {
  const Ports ports{header.dst_port, header.src_port};
  const auto served = served_.find(header.dst_port);
  auto fd = served == served_.end() ? std::unexpected(std::string()) : bench::connect_to(served->second);
  if (!fd || streams_.contains(ports) || !bench::watch(epoll_, *fd, nullptr)) {
    virtio_vsock_hdr refusal = header_to(ports.theirs, VIRTIO_VSOCK_OP_RST);
    refusal.src_port = ports.ours;
    return device_->send(refusal, {});
  }
  auto& stream = streams_[ports] = std::make_unique<Stream>(*device_, ports, window_, std::move(*fd));
  stream->respond(header);
  std::printf("serve %u <- %u\n", ports.ours, ports.theirs);
}

void Machine::take(const virtio_vsock_hdr& header, std::string_view payload) {
  const Ports ports{header.dst_port, header.src_port};
  if (const auto stream = streams_.find(ports); stream != streams_.end()) return stream->second->take(header, payload);
  if (const auto flooded = flooded_.find(ports); flooded != flooded_.end()) {
    flood_answer(header.op, flooded->second);
    if (header.op == VIRTIO_VSOCK_OP_RESPONSE) flooded->second = true;
    if (header.op == VIRTIO_VSOCK_OP_SHUTDOWN) {
      virtio_vsock_hdr answer = header_to(ports.theirs, VIRTIO_VSOCK_OP_RST);
      answer.src_port = ports.ours;
      device_->send(answer, {});
    }
    if (header.op == VIRTIO_VSOCK_OP_SHUTDOWN || header.op == VIRTIO_VSOCK_OP_RST) flooded_.erase(flooded);
    return;
  }
  if (header.op == VIRTIO_VSOCK_OP_REQUEST) serve_request(header);
}

bool Machine::pump_all() {
  bool waiting = false;
  const auto now = Clock::now();
  for (auto at = streams_.begin(); at != streams_.end();) {
    Stream& stream = *at->second;
    waiting = stream.retry(now) || waiting;
    stream.pump();
    at = stream.ended() ? streams_.erase(at) : std::next(at);
  }
  return waiting;
}

void Machine::run() {
  std::printf("ready\n");
  std::array<epoll_event, 64> events;
  for (bool waiting = false;;) {
    // What became ready is not looked at: each round tries all there is. A machine has few streams with local sockets.
    epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), waiting ? 50 : -1);
    for (auto& listener : listeners_) accept_all(*listener);
    device_->receive([this](const auto& header, std::string_view payload) { take(header, payload); });
    flood_on();
    waiting = pump_all();
    device_->turn();
    std::fflush(stdout);
  }
}

}  // namespace gatehouse::vsguest
