// What vsock needs of the kernel. The kernel itself is asked only where its module is loaded already: asking would load
// it otherwise, and the doctor changes nothing.
#include <sys/utsname.h>

#include <algorithm>
#include <cstring>

#include "proxy/ctl/doctor/checks.h"

namespace gatehouse::doctor {
namespace {

bool uses_vsock(const config::Config& c) {
  const auto is_vsock = [](const auto& x) { return std::holds_alternative<net::VsockAddress>(x.address); };
  return std::ranges::any_of(c.listeners, is_vsock) || std::ranges::any_of(c.backends, is_vsock);
}

// Whether the kernel that runs has the module, built in or to be loaded.
bool available(const Host& host, std::string_view module) {
  utsname name{};
  if (::uname(&name) != 0) return false;
  const std::string folder = "/lib/modules/" + std::string(name.release);
  const std::string file = '/' + std::string(module) + ".ko";
  for (const char* list : {"/modules.dep", "/modules.builtin"})
    if (const auto text = host.text(folder + list); text && text->find(file) != std::string::npos) return true;
  return false;
}

void ask_kernel(const Host& host, Findings& out) {
  const VsockAnswer said = host.vsock();
  if (said.error != 0)
    return out.problem(std::string("the kernel gives no AF_VSOCK socket: ") + std::strerror(said.error), "see dmesg");
  out.ok("the kernel gives AF_VSOCK sockets" +
         (said.local_cid ? ", its own CID is " + std::to_string(*said.local_cid) : std::string()));
}

}  // namespace

void check_vsock(const Exam& e, std::size_t /*part*/, Findings& out) {
  if (!uses_vsock(*e.conf)) return out.ok("no listener and no backend uses vsock");
  if (e.host.there("/sys/module/vsock"))
    ask_kernel(e.host, out);
  else if (available(e.host, "vsock"))
    out.warning("the kernel's module vsock is there, and not loaded",
                "modprobe vhost_vsock, and name it in /etc/modules-load.d");
  else
    return out.problem("this kernel has no vsock",
                       "install a kernel with CONFIG_VSOCKETS and CONFIG_VHOST_VSOCK, or use hybrid sockets");
  if (e.host.there("/dev/vhost-vsock")) return out.ok("/dev/vhost-vsock is there: QEMU can give machines a CID");
  if (available(e.host, "vhost_vsock"))
    return out.warning("/dev/vhost-vsock is not there: QEMU can give no machine a CID",
                       "modprobe vhost_vsock, and name it in /etc/modules-load.d");
  out.warning("this kernel has no vhost_vsock: QEMU can give no machine a CID",
              "install a kernel with CONFIG_VHOST_VSOCK; nothing, if the peers are in this kernel (vsock_loopback)");
}

}  // namespace gatehouse::doctor
