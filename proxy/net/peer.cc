#include "proxy/net/peer.h"

#include <linux/vm_sockets.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace gatehouse::net {
namespace {

template <class T>
T view_as(const sockaddr_storage& s) {
  T out;
  std::memcpy(&out, &s, sizeof out);
  return out;
}

bool set_unix_credentials(int fd, Peer& peer) {
  ucred cred{};
  socklen_t len = sizeof cred;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0 || len != sizeof cred) return false;
  if (cred.uid == static_cast<uid_t>(-1)) return false;
  peer.uid = cred.uid;
  peer.pid = static_cast<std::uint32_t>(cred.pid);
  return true;
}

void set_ipv4(const sockaddr_in& in, Peer& peer) {
  peer.port = ntohs(in.sin_port);
  peer.ip[10] = peer.ip[11] = 0xff;
  std::memcpy(&peer.ip[12], &in.sin_addr, 4);
}

}  // namespace

std::optional<Peer> peer_of(int fd, const sockaddr_storage& from, bool hybrid, const std::string& interface) {
  Peer peer;
  switch (from.ss_family) {
    case AF_VSOCK: {
      const auto vm = view_as<sockaddr_vm>(from);
      peer.transport = Transport::vsock;
      peer.cid = vm.svm_cid;
      peer.port = vm.svm_port;
      return peer;
    }
    case AF_UNIX:
      peer.transport = hybrid ? Transport::hybrid : Transport::unix_socket;
      if (!set_unix_credentials(fd, peer)) return std::nullopt;
      return peer;
    case AF_INET:
      peer.transport = Transport::tcp;
      set_ipv4(view_as<sockaddr_in>(from), peer);
      return peer;
    case AF_INET6: {
      const auto in6 = view_as<sockaddr_in6>(from);
      peer.transport = Transport::tcp;
      peer.port = ntohs(in6.sin6_port);
      std::memcpy(peer.ip.data(), &in6.sin6_addr, 16);
      peer.interface = interface;
      return peer;
    }
    default: return std::nullopt;
  }
}

std::string Peer::str() const {
  switch (transport) {
    case Transport::vsock: return "vsock:" + std::to_string(*cid) + ":" + std::to_string(*port);
    case Transport::hybrid: return "hybrid:uid=" + std::to_string(*uid);
    case Transport::unix_socket: return "unix:uid=" + std::to_string(*uid);
    case Transport::tcp: return "tcp:" + (interface.empty() ? "lo" : interface) + ":" + std::to_string(*port);
  }
  return "?";
}

}  // namespace gatehouse::net
