#include "proxy/ctl/doctor/nfs_server.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "proxy/ctl/doctor/rpc_ask.h"

namespace gatehouse::doctor {
namespace {

constexpr std::uint32_t kMountExport = 5;  // MOUNTPROC3_EXPORT, RFC 1813 appendix I

std::unexpected<Finding> cannot_tell(std::string seen, std::string mend) {
  return std::unexpected(Finding{{}, Result::unknown, std::move(seen), std::move(mend)});
}

// Whether this is knfsd of this host: its listening ports are in the kernel's list.
bool is_knfsd(const Host& host, const config::Backend& b) {
  const auto* tcp = std::get_if<net::TcpAddress>(&b.address);
  if (tcp == nullptr || !tcp->loopback()) return false;
  const auto ports = host.text("/proc/fs/nfsd/portlist");
  return ports && listens_in_portlist(*ports, tcp->port);
}

bool same_host(const config::Backend& a, const config::Backend& b) {
  const auto* x = std::get_if<net::TcpAddress>(&a.address);
  const auto* y = std::get_if<net::TcpAddress>(&b.address);
  if (x == nullptr || y == nullptr || x->host.index() != y->host.index()) return false;
  if (const auto* v4 = std::get_if<in_addr>(&x->host)) return v4->s_addr == std::get<in_addr>(y->host).s_addr;
  return std::memcmp(&std::get<in6_addr>(x->host), &std::get<in6_addr>(y->host), sizeof(in6_addr)) == 0;
}

// The backend that has MOUNT for this NFS server; null: there is none.
const config::Backend* mount_of(const config::Config& c, const config::Backend& nfs) {
  for (const config::Backend& b : c.backends)
    if (serves(b, rpc::program::kMountd) && (&b == &nfs || same_host(b, nfs))) return &b;
  return nullptr;
}

std::expected<ExportList, Finding> ask_mount(const config::Backend& b, const Origin& from, Deadline deadline) {
  const std::string mend = "see the check \"backends\"";
  const std::string seen = b.name + " (" + net::format(b.address) + ") does not list its exports: ";
  auto talk = Conversation::open(b, from, deadline);
  if (!talk) return cannot_tell(seen + talk.error().text, mend);
  const auto reply = talk->call({.program = rpc::program::kMountd,
                                 .version = *serves(b, rpc::program::kMountd),
                                 .procedure = kMountExport,
                                 .as_nobody = true},
                                deadline);
  if (!reply) return cannot_tell(seen + reply.error().text, mend);
  if (!reply->success()) return cannot_tell(seen + refusal(*reply), mend);
  auto exports = parse_mount_exports(reply->body());
  if (!exports) return cannot_tell(seen + "its list is malformed", mend);
  return ExportList{"MOUNT of " + b.name, false, *std::move(exports)};
}

}  // namespace

std::vector<std::size_t> nfs_backends(const config::Config& c) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < c.backends.size(); ++i)
    if (serves(c.backends[i], rpc::program::kNfs)) out.push_back(i);
  return out;
}

std::size_t nfs_backend_count(const config::Config& c) {
  return nfs_backends(c).size();
}

std::vector<const policy::Guest*> guests_of(const config::Config& c, std::size_t backend) {
  std::vector<const policy::Guest*> out;
  for (const policy::Guest& g : c.guests)
    if (std::ranges::any_of(g.programs, [&](const policy::ProgramGrant& p) { return p.backend == backend; }))
      out.push_back(&g);
  return out;
}

std::expected<ExportList, Finding> exports_of(const Exam& e, std::size_t backend, const policy::Guest& as,
                                              Deadline deadline) {
  const config::Backend& b = e.conf->backends[backend];
  if (is_knfsd(e.host, b)) {
    const auto etab = e.host.text("/var/lib/nfs/etab");
    if (!etab)
      return cannot_tell(std::string("/var/lib/nfs/etab: ") + std::strerror(errno), "run gatehousectl doctor as root");
    return ExportList{"/var/lib/nfs/etab", true, parse_etab(*etab)};
  }
  const config::Backend* mount = mount_of(*e.conf, b);
  if (mount == nullptr)
    return cannot_tell(
        "nobody tells what " + b.name + " exports: it is not this host's knfsd, and no backend has its MOUNT",
        "see showmount -e there: each guest's source address (gatehoused --print-config) must be admitted");
  return ask_mount(*mount, origin_for(&as), deadline);
}

}  // namespace gatehouse::doctor
