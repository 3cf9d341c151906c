#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/net.h"
#include "tests/vm/vsguest/device.h"
#include "tests/vm/vsguest/stream.h"

namespace gatehouse::vsguest {

// Machine is the virtual machine: its device, its streams, and the local sockets that they begin and end at. One
// thread.
class Machine {
 public:
  static std::expected<std::unique_ptr<Machine>, std::string> make(std::uint64_t cid, std::uint32_t window);

  // relay takes connections to the address and carries each to the host's port, from the TCP client's own port where
  // that is below 1024 and free, and from one of 1024 or more otherwise. It asks for 30 s while the host refuses: a
  // kernel's NFS client takes an accepted connection for success and would come again at once.
  std::expected<void, std::string> relay(const bench::Address& address, std::uint32_t host_port);

  // serve takes the host's connections to the machine's port and carries each to the address.
  void serve(std::uint32_t port, const bench::Address& address) { served_.insert_or_assign(port, address); }

  // flood opens so many connections to the host's port and keeps those that the host keeps. run says how many that are.
  void flood(std::uint32_t host_port, unsigned count);

  // nonsense sends what no driver may send: another machine's CID (`forged`), hosts that are none, operations and kinds
  // that there are not, bytes of no connection. All of it names the host's port.
  void nonsense(std::uint32_t host_port, std::uint64_t forged);

  // run carries bytes until a signal ends the process. Prints "ready", a line "relay LOCAL-PORT -> VSOCK-PORT" a
  // connection that the host accepted, and "flood: N open, N refused, N closed" when that is decided.
  [[noreturn]] void run();

 private:
  struct Listener {
    bench::Fd fd;
    std::uint32_t host_port = 0;
  };
  struct Flood {
    std::uint32_t host_port = 0;
    unsigned left = 0, open = 0, refused = 0, closed = 0;
    bool told = true;
  };

  explicit Machine(std::uint32_t window) : window_(window) {}

  void accept_all(Listener& listener);
  void take(const virtio_vsock_hdr& header, std::string_view payload);
  void serve_request(const virtio_vsock_hdr& header);
  void flood_on();
  void flood_answer(std::uint16_t op, bool was_open);
  bool pump_all();
  std::uint32_t free_port(std::uint32_t wanted, std::uint32_t host_port);
  virtio_vsock_hdr header_to(std::uint32_t host_port, std::uint16_t op) const;

  std::uint32_t window_;
  bench::Fd epoll_;
  std::unique_ptr<Device> device_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::map<std::uint32_t, bench::Address> served_;
  std::map<Ports, std::unique_ptr<Stream>> streams_;  // with a local socket
  std::map<Ports, bool> flooded_;                     // without one: whether it is open
  Flood flood_;
  std::uint32_t next_port_ = 50000;
};

}  // namespace gatehouse::vsguest
