// Whether each listener can be opened, or is open already. Nothing is connected to: a listener would take it for a
// guest.
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "proxy/ctl/doctor/checks.h"
#include "proxy/ctl/doctor/sockets.h"

namespace gatehouse::doctor {
namespace {

constexpr std::string_view kDaemon = "gatehoused";

// The listener checks of one run, with what they share.
class Listeners {
 public:
  Listeners(const Exam& e, Findings& out)
      : exam_(e),
        out_(out),
        tcp_(tcp_sockets(e.host).value_or(std::vector<TcpSocket>{})),
        unix_(e.host.text("/proc/net/unix").value_or("")) {}

  void look(const config::Listener& l);
  void finish();

 private:
  void of(const std::string& name, const net::TcpAddress& a);
  void of(const std::string& name, const net::UnixAddress& a) { socket_file(name, a.path); }
  void of(const std::string& name, const net::HybridAddress& a) { socket_file(name, a.socket_path()); }
  void of(const std::string& name, const net::VsockAddress& a);
  void of(const std::string& name, const net::SystemdAddress& a);
  void socket_file(const std::string& name, const std::string& path);
  void held(const std::string& name, const std::string& what, std::uint64_t inode, std::optional<std::uint32_t> uid);
  [[nodiscard]] const TcpSocket* who_listens(const net::TcpAddress& a) const;

  const Exam& exam_;
  Findings& out_;
  const std::vector<TcpSocket> tcp_;
  const std::string unix_;
  Names served_, free_;
};

const TcpSocket* Listeners::who_listens(const net::TcpAddress& a) const {
  const auto same = [&](const TcpSocket& s) {
    if (!s.listening || s.port != a.port) return false;
    if (const auto* v4 = std::get_if<in_addr>(&a.host))
      return s.any_address() || (!s.ipv6 && std::memcmp(s.address.data(), v4, sizeof *v4) == 0);
    return s.ipv6 && (s.any_address() || std::memcmp(s.address.data(), &std::get<in6_addr>(a.host), 16) == 0);
  };
  const auto found = std::ranges::find_if(tcp_, same);
  return found == tcp_.end() ? nullptr : &*found;
}

void Listeners::of(const std::string& name, const net::TcpAddress& a) {
  if (!a.interface.empty() && !exam_.host.there("/sys/class/net/" + a.interface))
    return out_.warning("listener " + name + ": there is no interface " + a.interface + " now",
                        "start its virtual machine, or make the interface; gatehoused tries again every second");
  const TcpSocket* s = who_listens(a);
  if (s == nullptr) return free_.add(name);
  held(name, "port " + std::to_string(a.port), s->inode, s->uid);
}

// Whoever has it: by the name of the process where this user sees that, else by the user.
void Listeners::held(const std::string& name, const std::string& what, std::uint64_t inode,
                     std::optional<std::uint32_t> uid) {
  const std::string holder = holder_of(exam_.host, inode);
  if (holder.empty() ? !uid || *uid == service_account(exam_).value_or(current_account()).uid : holder == kDaemon)
    return served_.add(name);
  out_.problem("listener " + name + ": " + what + " is taken by " +
                   (holder.empty() ? "a process of uid " + std::to_string(*uid) : holder),
               "ss -lnp shows it: end it, or choose another address");
}

void Listeners::socket_file(const std::string& name, const std::string& path) {
  if (const auto inode = unix_listener(unix_, path)) return held(name, path, *inode, std::nullopt);
  struct stat st{};
  if (::lstat(path.c_str(), &st) == 0 && !S_ISSOCK(st.st_mode))
    return out_.problem("listener " + name + ": " + path + " is in the way and not a socket",
                        "move it, or choose another path");
  free_.add(name);
}

void Listeners::of(const std::string& name, const net::VsockAddress& a) {
  out_.unknown("listener " + name + ": the kernel lists no vsock ports, so that nobody can see whether " +
                   std::to_string(a.port) + " is open",
               "gatehouse_listener_up of /metrics says it, and event=listening of the log");
}

void Listeners::of(const std::string& name, const net::SystemdAddress& a) {
  const std::string unit = socket_unit(exam_.host, a.name);
  const std::string file = unit.substr(unit.rfind('/') + 1);
  if (!unit.empty() && exam_.host.there("/etc/systemd/system/sockets.target.wants/" + file))
    return out_.ok("listener " + name + ": " + unit + " passes its socket");
  if (!unit.empty())
    return out_.warning("listener " + name + ": " + unit + " is there, and not enabled",
                        "systemctl enable --now " + file);
  out_.problem("listener " + name + ": no socket unit for gatehoused.service has FileDescriptorName=" + a.name,
               "copy gatehoused.socket, state FileDescriptorName=" + a.name + ", and systemctl enable --now it");
}

void Listeners::look(const config::Listener& l) {
  std::visit([&](const auto& address) { of(l.name, address); }, l.address);
}

void Listeners::finish() {
  if (!served_.empty()) out_.ok("served: " + served_.str());
  if (!free_.empty()) out_.ok("not served now, and free: " + free_.str());
}

}  // namespace

void check_listeners(const Exam& e, std::size_t /*part*/, Findings& out) {
  if (e.conf->listeners.empty()) return out.ok("there is no listener");
  Listeners all(e, out);
  for (const config::Listener& l : e.conf->listeners) all.look(l);
  all.finish();
}

}  // namespace gatehouse::doctor
