// What a machine does that wants to harm: nothing here waits for anybody.
#include <cstdio>

#include "tests/vm/vsguest/machine.h"

namespace gatehouse::vsguest {
namespace {

constexpr unsigned flood_at_once = 64;  // requests without an answer: the host's queue has 128

}  // namespace

virtio_vsock_hdr Machine::header_to(std::uint32_t host_port, std::uint16_t op) const {
  virtio_vsock_hdr header{};
  header.src_cid = device_->cid();
  header.dst_cid = 2;
  header.dst_port = host_port;
  header.type = VIRTIO_VSOCK_TYPE_STREAM;
  header.op = op;
  header.buf_alloc = window_;
  return header;
}

void Machine::flood(std::uint32_t host_port, unsigned count) {
  flood_ = {.host_port = host_port, .left = count, .told = false};
  flood_on();
  device_->turn();
}

void Machine::flood_on() {
  while (flood_.left > 0 && flooded_.size() - flood_.open < flood_at_once) {
    const Ports ports{free_port(0, flood_.host_port), flood_.host_port};
    virtio_vsock_hdr request = header_to(flood_.host_port, VIRTIO_VSOCK_OP_REQUEST);
    request.src_port = ports.ours;
    device_->send(request, {});
    flooded_[ports] = false;
    --flood_.left;
  }
  if (flood_.told || flood_.left > 0 || flooded_.size() != flood_.open) return;
  std::printf("flood: %u open, %u refused, %u closed\n", flood_.open, flood_.refused, flood_.closed);
  flood_.told = true;
}

void Machine::flood_answer(std::uint16_t op, bool was_open) {
  const bool end = op == VIRTIO_VSOCK_OP_SHUTDOWN || op == VIRTIO_VSOCK_OP_RST;
  if (op == VIRTIO_VSOCK_OP_RESPONSE && !was_open) ++flood_.open;
  if (end && was_open) --flood_.open, ++flood_.closed;
  if (end && !was_open) ++flood_.refused;
}

void Machine::nonsense(std::uint32_t host_port, std::uint64_t forged) {
  const auto send = [&](auto change, std::string_view payload) {
    virtio_vsock_hdr header = header_to(host_port, VIRTIO_VSOCK_OP_REQUEST);
    header.src_port = next_port_++;
    header.len = static_cast<std::uint32_t>(payload.size());
    change(header);
    device_->send(header, payload);
  };
  using Header = virtio_vsock_hdr;
  send([&](Header& h) { h.src_cid = forged; }, {});
  send([&](Header& h) { h.src_cid = forged, h.src_port = 700; }, {});
  send([](Header& h) { h.src_cid = 2; }, {});
  send([](Header& h) { h.src_cid = 1; }, {});
  send([&](Header& h) { h.dst_cid = forged; }, {});
  send([](Header& h) { h.dst_cid = 1; }, {});
  send([](Header& h) { h.dst_cid = ~0ULL; }, {});
  send([](Header& h) { h.op = 99; }, {});
  send([](Header& h) { h.op = VIRTIO_VSOCK_OP_INVALID; }, {});
  send([](Header& h) { h.type = 7; }, {});
  send([](Header& h) { h.type = VIRTIO_VSOCK_TYPE_SEQPACKET; }, {});
  send([](Header& h) { h.op = VIRTIO_VSOCK_OP_RW; }, "bytes of no connection");
  send([](Header& h) { h.op = VIRTIO_VSOCK_OP_RESPONSE; }, {});
  send([](Header& h) { h.op = VIRTIO_VSOCK_OP_SHUTDOWN, h.flags = ~0U; }, {});
  send([](Header& h) { h.op = VIRTIO_VSOCK_OP_CREDIT_UPDATE; }, {});
  device_->turn();
}

}  // namespace gatehouse::vsguest
