// The checks that look at the host's files alone, on roots that tests make.
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>

#include "proxy/ctl/doctor/checks.h"
#include "tests/support/folder.h"

using namespace gatehouse;
using namespace gatehouse::doctor;

namespace {

bool asked = false;

VsockAnswer answers() {
  asked = true;
  return {.error = 0, .local_cid = 2};
}
VsockAnswer refuses() {
  return {.error = EAFNOSUPPORT, .local_cid = {}};
}

// A host whose files a test writes, and a configuration for it.
struct Scene {
  Scene() {
    exam.host.root = root.path;
    exam.host.vsock = answers;
    exam.user = std::to_string(::geteuid());
    asked = false;
    configure("");
  }
  void write(const std::string& file, const std::string& text) const {
    std::filesystem::create_directories((root.path / file).parent_path());
    (void)root.write(file, text);
  }
  void configure(const std::string& guests, const std::string& address = "vsock:any:2049") {
    exam.conf = config::parse("[[listener]]\nname = \"in\"\naddress = \"" + address +
                                  "\"\n[[backend]]\nname = \"nfs\"\naddress = \"tcp:127.0.0.1:2049\"\nprograms = "
                                  "[\"nfs:4\"]\n" +
                                  guests,
                              "test")
                    .value();
  }
  std::vector<Finding> run(void (*check)(const Exam&, std::size_t, Findings&)) const {
    std::vector<Finding> out;
    Findings findings("x", [&](Finding f) { out.push_back(std::move(f)); });
    check(exam, 0, findings);
    return out;
  }
  test::Folder root;
  Exam exam;
};

std::string release() {
  utsname name{};
  REQUIRE(::uname(&name) == 0);
  return name.release;
}

bool has(const std::vector<Finding>& list, Result result, std::string_view words) {
  return std::ranges::any_of(list, [&](const Finding& f) {
    return f.result == result && (f.seen + " -> " + f.mend).find(words) != std::string::npos;
  });
}

}  // namespace

TEST_CASE("vsock: the kernel is asked where its module is loaded, and a device is looked for [V1]") {
  Scene s;
  s.write("sys/module/vsock/refcnt", "0");
  s.write("dev/vhost-vsock", "");
  auto found = s.run(check_vsock);
  CHECK(asked);
  CHECK(has(found, Result::ok, "its own CID is 2"));
  CHECK(has(found, Result::ok, "/dev/vhost-vsock is there"));
  s.exam.host.vsock = refuses;
  CHECK(has(s.run(check_vsock), Result::problem, "the kernel gives no AF_VSOCK socket"));
}

TEST_CASE("vsock: a kernel whose module is not loaded is not asked, which would load it [V1]") {
  Scene s;
  s.write("lib/modules/" + release() + "/modules.dep",
          "kernel/net/vmw_vsock/vsock.ko:\nkernel/drivers/vhost/vhost_vsock.ko: kernel/net/vmw_vsock/vsock.ko\n");
  const auto found = s.run(check_vsock);
  CHECK_FALSE(asked);
  CHECK(has(found, Result::warning, "modprobe vhost_vsock"));
  CHECK(has(found, Result::warning, "/dev/vhost-vsock is not there"));
}

TEST_CASE("vsock: a kernel without it is a problem, and where nothing uses it nothing is looked at [V1]") {
  Scene s;
  CHECK(has(s.run(check_vsock), Result::problem, "this kernel has no vsock"));
  s.configure("", "tcp:127.0.0.1:20490");
  CHECK(has(s.run(check_vsock), Result::ok, "no listener and no backend uses vsock"));
  CHECK_FALSE(asked);
}

TEST_CASE("reserved ports: a start below 1024 and a range that begins there are seen [L4]") {
  Scene s;
  s.write("proc/sys/net/ipv4/ip_unprivileged_port_start", "1024\n");
  s.write("proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n");
  s.write("proc/net/tcp", "");
  auto found = s.run(check_reserved_ports);
  CHECK(std::ranges::all_of(found, [](const Finding& f) { return f.result == Result::ok; }));
  s.write("proc/sys/net/ipv4/ip_unprivileged_port_start", "1023\n");
  s.write("proc/sys/net/ipv4/ip_local_port_range", "512\t60999\n");
  found = s.run(check_reserved_ports);
  CHECK(has(found, Result::problem, "ip_unprivileged_port_start is 1023"));
  CHECK(has(found, Result::warning, "begins at 512"));
}

TEST_CASE("reserved ports: what listeners on every address take counts for every guest [L4]") {
  Scene s;
  s.configure("[[guest]]\nname = \"web1\"\ncid = 42\nsource_address = \"127.66.0.42\"\nbackends = [\"nfs\"]\n");
  std::string lines;
  for (int port = 700; port < 1010; ++port) {
    char line[128];
    (void)std::snprintf(line, sizeof line, "0: 00000000:%04X 00000000:0000 0A 0:0 00:0 0 0 0 7 1 0\n",
                        static_cast<unsigned>(port));
    lines += line;
  }
  s.write("proc/net/tcp", lines);
  CHECK(has(s.run(check_reserved_ports), Result::warning, "web1 (127.66.0.42, 0 in use)"));
}

TEST_CASE("limits: the unit's limit of descriptors decides, and memory is the host's [L6]") {
  Scene s;
  s.configure("[[guest]]\nname = \"web1\"\ncid = 42\nbackends = [\"nfs\"]\nlimits = { connections = 1000 }\n");
  s.exam.unit.limit_nofile = 2257;  // 2 * 1000, one listener, 256
  s.write("proc/meminfo", "MemTotal:         131072 kB\n");
  auto found = s.run(check_limits);
  CHECK(has(found, Result::ok, "2257 descriptors"));
  CHECK(has(found, Result::ok, "hold 128 MiB"));
  s.exam.unit.limit_nofile = 2256;
  s.write("proc/meminfo", "MemTotal:         131071 kB\n");
  found = s.run(check_limits);
  CHECK(has(found, Result::warning, "LimitNOFILE=2257"));
  CHECK(has(found, Result::warning, "this host has 127 MiB"));
}

TEST_CASE("exports: knfsd's own table says whom it admits, and from which ports [L4]") {
  Scene s;
  s.configure(
      "[[guest]]\nname = \"web1\"\ncid = 42\nsource_address = \"127.66.0.42\"\nbackends = [\"nfs\"]\n"
      "[[guest]]\nname = \"web2\"\ncid = 43\nsource_address = \"127.66.0.43\"\nbackends = [\"nfs\"]\n");
  s.write("proc/fs/nfsd/portlist", "tcp 2049\n");
  s.write("var/lib/nfs/etab", "/srv/web1\t127.66.0.42(rw,secure)\n/srv\t10.0.0.0/8(rw,insecure)\n");
  auto found = s.run(check_exports);
  CHECK(has(found, Result::problem, "no export admits web2 (127.66.0.43)"));
  CHECK(has(found, Result::ok, "an export admits web1 (127.66.0.42)"));
  CHECK(has(s.run(check_insecure_ports), Result::ok, "ports below 1024 are demanded"));
  s.write("var/lib/nfs/etab", "/srv/web1\t127.66.0.0/16(rw,insecure)\n");
  CHECK(has(s.run(check_exports), Result::ok, "web1 (127.66.0.42), web2 (127.66.0.43)"));
  CHECK(has(s.run(check_insecure_ports), Result::problem, "insecure is said of /srv/web1 to 127.66.0.0/16"));
}

TEST_CASE("listeners: a socket unit that is not there, not enabled and enabled are told apart [L7]") {
  Scene s;
  s.configure("", "systemd:nfs");
  CHECK(has(s.run(check_listeners), Result::problem, "FileDescriptorName=nfs"));
  s.write("lib/systemd/system/gatehoused.socket", "[Socket]\nFileDescriptorName=nfs\nService=gatehoused.service\n");
  CHECK(has(s.run(check_listeners), Result::warning, "systemctl enable --now gatehoused.socket"));
  s.write("etc/systemd/system/sockets.target.wants/gatehoused.socket", "");
  CHECK(has(s.run(check_listeners), Result::ok, "passes its socket"));
}

TEST_CASE("files: a directory that the unit hides or does not let be written is a problem [L7]") {
  Scene s;
  const test::Folder elsewhere;
  s.exam.file = elsewhere.write("gatehouse.conf", "").string();
  s.exam.unit.found = s.exam.unit.read_only = true;
  s.configure("", "unix:" + (elsewhere.path / "in.sock").string());
  s.exam.conf->admin.socket.clear();
  CHECK(has(s.run(check_files), Result::problem, "ReadWritePaths=" + elsewhere.path.string()));
  s.exam.unit.writable = {elsewhere.path.string()};
  CHECK(has(s.run(check_files), Result::ok, "sockets can be made in " + elsewhere.path.string()));
  s.exam.unit.private_tmp = true;
  s.configure("", "unix:/tmp/in.sock");
  CHECK(has(s.run(check_files), Result::problem, "PrivateTmp="));
}
