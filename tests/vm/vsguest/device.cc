#include "tests/vm/vsguest/device.h"

#include <fcntl.h>
#include <linux/vhost.h>
#include <linux/virtio_config.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>

namespace gatehouse::vsguest {
namespace {

constexpr unsigned queue_size = 128;
constexpr std::size_t buffer_size = Device::largest_payload + 64;  // a header has 44 bytes
constexpr std::size_t ring_size = 12UL * 1024;                     // three parts of less than 4 KiB
constexpr std::size_t queue_memory = ring_size + queue_size * buffer_size;
constexpr std::size_t memory_size = 2 * queue_memory;

// The rings are shared with the kernel: an index is read before and written after what it counts.
std::uint16_t load(const std::uint16_t& index) {
  return __atomic_load_n(&index, __ATOMIC_ACQUIRE);
}

std::unexpected<std::string> failed(std::string_view what) {
  return std::unexpected(bench::error_text(what));
}

}  // namespace

std::expected<std::unique_ptr<Device>, std::string> Device::open(std::uint64_t cid) {
  std::unique_ptr<Device> device(new Device(cid));
  if (auto started = device->start(); !started) return std::unexpected(started.error());
  return device;
}

Device::~Device() {
  if (memory_ != nullptr) munmap(memory_, memory_size);
}

std::expected<void, std::string> Device::start() {
  fd_ = bench::Fd(::open("/dev/vhost-vsock", O_RDWR | O_CLOEXEC));
  if (fd_.get() < 0) return failed("open /dev/vhost-vsock (modprobe vhost_vsock)");
  if (ioctl(fd_.get(), VHOST_SET_OWNER, 0) != 0) return failed("VHOST_SET_OWNER");
  const std::uint64_t features = 1ULL << VIRTIO_F_VERSION_1;
  if (ioctl(fd_.get(), VHOST_SET_FEATURES, &features) != 0) return failed("VHOST_SET_FEATURES");
  void* memory = mmap(nullptr, memory_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return failed("mmap");
  memory_ = static_cast<char*>(memory);
  // The machine's physical addresses are our own: one table entry, and nothing to translate.
  struct {
    std::uint32_t regions = 1, padding = 0;  // vhost_memory, whose array of no size is not C++
    vhost_memory_region region{};
  } table;
  static_assert(sizeof table == sizeof(vhost_memory) + sizeof(vhost_memory_region));
  const auto address = reinterpret_cast<std::uintptr_t>(memory_);
  table.region = {
      .guest_phys_addr = address, .memory_size = memory_size, .userspace_addr = address, .flags_padding = 0};
  if (ioctl(fd_.get(), VHOST_SET_MEM_TABLE, &table) != 0) return failed("VHOST_SET_MEM_TABLE");
  if (auto queue = start_queue(0, receive_); !queue) return queue;
  if (auto queue = start_queue(1, send_); !queue) return queue;
  for (std::uint32_t id = 0; id < queue_size; ++id) {
    receive_.descriptors[id].len = buffer_size;
    receive_.descriptors[id].flags = VRING_DESC_F_WRITE;
    offer(receive_, id);
    free_.push_back(id);
  }
  if (ioctl(fd_.get(), VHOST_VSOCK_SET_GUEST_CID, &cid_) != 0) return failed("the CID " + std::to_string(cid_));
  const int running = 1;
  if (ioctl(fd_.get(), VHOST_VSOCK_SET_RUNNING, &running) != 0) return failed("VHOST_VSOCK_SET_RUNNING");
  kick(receive_);
  return {};
}

std::expected<void, std::string> Device::start_queue(unsigned index, Queue& queue) {
  char* const begin = memory_ + index * queue_memory;
  queue.descriptors = reinterpret_cast<vring_desc*>(begin);  // 16 bytes each
  queue.available = reinterpret_cast<vring_avail*>(begin + 4096);
  queue.used = reinterpret_cast<vring_used*>(begin + 8192);
  queue.buffers = begin + ring_size;
  for (std::uint32_t id = 0; id < queue_size; ++id) {
    queue.descriptors[id].addr = reinterpret_cast<std::uintptr_t>(buffer(queue, id));
  }
  queue.kick = bench::Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  queue.call = bench::Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  const auto at = [](const void* part) { return reinterpret_cast<std::uintptr_t>(part); };
  const vhost_vring_state number{index, queue_size};
  const vhost_vring_state base{index, 0};
  vhost_vring_addr addresses{};
  addresses.index = index;
  addresses.desc_user_addr = at(queue.descriptors);
  addresses.avail_user_addr = at(queue.available);
  addresses.used_user_addr = at(queue.used);
  const vhost_vring_file kick{index, queue.kick.get()};
  const vhost_vring_file call{index, queue.call.get()};
  const int fd = fd_.get();
  if (ioctl(fd, VHOST_SET_VRING_NUM, &number) != 0 || ioctl(fd, VHOST_SET_VRING_BASE, &base) != 0 ||
      ioctl(fd, VHOST_SET_VRING_ADDR, &addresses) != 0 || ioctl(fd, VHOST_SET_VRING_KICK, &kick) != 0 ||
      ioctl(fd, VHOST_SET_VRING_CALL, &call) != 0) {
    return failed("VHOST_SET_VRING_*");
  }
  return {};
}

char* Device::buffer(const Queue& queue, std::uint32_t id) {
  return queue.buffers + id * buffer_size;
}

const vring_used_elem* Device::next_used(Queue& queue) {
  if (queue.seen == load(queue.used->idx)) return nullptr;
  return &queue.used->ring[queue.seen++ % queue_size];
}

void Device::offer(Queue& queue, std::uint32_t id) {
  vring_avail& avail = *queue.available;
  avail.ring[avail.idx % queue_size] = static_cast<std::uint16_t>(id);
  __atomic_store_n(&avail.idx, static_cast<std::uint16_t>(avail.idx + 1), __ATOMIC_RELEASE);
  queue.offered = true;
}

void Device::kick(Queue& queue) {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  eventfd_write(queue.kick.get(), 1);
  queue.offered = false;
}

bool Device::put(std::string_view packet) {
  while (const Used* used = next_used(send_)) free_.push_back(used->id);
  if (free_.empty()) return false;
  const std::uint32_t id = free_.front();
  free_.pop_front();
  packet.copy(buffer(send_, id), packet.size());
  send_.descriptors[id].len = static_cast<std::uint32_t>(packet.size());
  offer(send_, id);
  return true;
}

void Device::send(const virtio_vsock_hdr& header, std::string_view payload) {
  std::string packet(reinterpret_cast<const char*>(&header), sizeof header);
  packet += payload;
  if (backlogged() || !put(packet)) waiting_.push_back(std::move(packet));
}

void Device::turn() {
  eventfd_t count = 0;
  for (const bench::Fd* call : events()) eventfd_read(call->get(), &count);
  while (!waiting_.empty() && put(waiting_.front())) waiting_.pop_front();
  if (send_.offered) kick(send_);
  if (receive_.offered) kick(receive_);
}

}  // namespace gatehouse::vsguest
