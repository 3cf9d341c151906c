#pragma once

#define VIRTIO_RING_NO_LEGACY  // what it has more is not C++
#include <linux/virtio_ring.h>
#include <linux/virtio_vsock.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "tests/bench/net.h"

namespace gatehouse::vsguest {

// Device is the virtio-vsock device of a virtual machine that is this process: the driver's side of the two queues that
// /dev/vhost-vsock serves (virtio 1.2, section 5.10). The kernel takes it for a machine with that CID. One thread.
class Device {
 public:
  // open makes the device and sets it running. The error is one line for the user: no such device (not root, or
  // vhost_vsock is not loaded), or the CID is another machine's.
  static std::expected<std::unique_ptr<Device>, std::string> open(std::uint64_t cid);

  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  ~Device();

  std::uint64_t cid() const { return cid_; }

  // send puts a packet on its way, as it is: the header may lie. Its payload has at most `largest_payload` bytes. What
  // the queue has no room for is kept and sent by `turn`.
  void send(const virtio_vsock_hdr& header, std::string_view payload);

  // backlogged says that packets wait for room in the queue: who can wait should send no more.
  bool backlogged() const { return !waiting_.empty(); }

  // receive calls take(header, payload) for each packet that has come. The payload is the device's until take returns.
  template <typename Take>
  void receive(Take&& take) {
    while (const Used* used = next_used(receive_)) {
      virtio_vsock_hdr header;
      const std::string_view bytes(buffer(receive_, used->id), used->len);
      if (bytes.size() >= sizeof header) {
        bytes.copy(reinterpret_cast<char*>(&header), sizeof header);
        take(header, bytes.substr(sizeof header));
      }
      offer(receive_, used->id);
    }
  }

  // turn sends what waits and wakes the kernel, once for all that was sent and received. To be called after each round.
  void turn();

  // events returns the descriptor that gets readable when packets came, and the one for when packets were sent.
  std::array<const bench::Fd*, 2> events() const { return {&receive_.call, &send_.call}; }

  static constexpr std::size_t largest_payload = 64UL * 1024;

 private:
  using Used = vring_used_elem;

  struct Queue {
    vring_desc* descriptors = nullptr;
    vring_avail* available = nullptr;
    vring_used* used = nullptr;
    bench::Fd kick, call;
    std::uint16_t seen = 0;  // how many of the used buffers were looked at
    bool offered = false;    // since the last kick
    char* buffers = nullptr;
  };

  explicit Device(std::uint64_t cid) : cid_(cid) {}

  std::expected<void, std::string> start();
  std::expected<void, std::string> start_queue(unsigned index, Queue& queue);
  static const Used* next_used(Queue& queue);
  static char* buffer(const Queue& queue, std::uint32_t id);
  static void offer(Queue& queue, std::uint32_t id);
  static void kick(Queue& queue);
  bool put(std::string_view packet);

  std::uint64_t cid_;
  bench::Fd fd_;
  char* memory_ = nullptr;
  Queue receive_, send_;
  std::deque<std::uint32_t> free_;   // send buffers
  std::deque<std::string> waiting_;  // packets without a buffer
};

}  // namespace gatehouse::vsguest
