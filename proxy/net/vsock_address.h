// An AF_VSOCK address as the kernel takes it. Header only: the relay inside a virtual machine uses it too.
#pragma once

#include <sys/socket.h>

#include <linux/vm_sockets.h>

#include <cstdint>

namespace gatehouse::net {

/// vsock_sockaddr: `cid` and `port` may be VMADDR_CID_ANY and VMADDR_PORT_ANY.
inline sockaddr_vm vsock_sockaddr(std::uint32_t cid, std::uint32_t port) {
  sockaddr_vm sa{};
  sa.svm_family = AF_VSOCK;
  sa.svm_cid = cid;
  sa.svm_port = port;
  return sa;
}

}  // namespace gatehouse::net
