// Which programs and addresses a guest is shown, from its configuration.
#include "proxy/runtime/rpcbind_views.h"

#include "tests/unit/proxy/config/fixture.h"

using namespace gatehouse;
using namespace gatehouse::test;
using runtime::RpcbindView;

namespace {

const std::string kBackends = R"(
[[backend]]
name = "nfs"
address = "tcp:127.0.0.1:2049"
programs = ["nfs:3-4"]
[[backend]]
name = "mountd"
address = "tcp:127.0.0.1:20048"
programs = ["mountd:3"]
)";

std::string listener(const std::string& name, const std::string& address, bool rpcbind = false) {
  return "[[listener]]\nname = \"" + name + "\"\naddress = \"" + address + "\"\n" + (rpcbind ? "rpcbind = true\n" : "");
}
std::string guest_with(const std::string& name, const std::string& keys) {
  return "[[guest]]\nname = \"" + name + "\"\n" + keys + "\n";
}

// One entry in a line: "PROGRAM LOW-HIGH NETID UADDR PORT".
std::vector<std::string> lines(const rpcbind::View& view) {
  std::vector<std::string> out;
  for (const rpcbind::Entry& e : view.entries())
    out.push_back(std::to_string(e.program.number) + ' ' + std::to_string(e.program.low) + '-' +
                  std::to_string(e.program.high) + ' ' + std::string(netid_name(e.address.netid)) + ' ' +
                  e.address.uaddr + ' ' + std::to_string(e.address.port));
  return out;
}

std::vector<RpcbindView> views(const config::Config& c, const std::string& name) {
  const runtime::GuestIndex index(c.guests);
  for (std::uint32_t i = 0; i < c.guests.size(); ++i)
    if (c.guests[i].name == name) return runtime::rpcbind_views(c, index, i);
  FAIL("no guest " + name);
  return {};
}

std::vector<std::string> only_view(const config::Config& c, const std::string& name) {
  const auto all = views(c, name);
  REQUIRE(all.size() == 1);
  return lines(all.front().view);
}

}  // namespace

TEST_CASE("a guest with a CID is shown its programs at the vsock listeners, and rpcbind where it asked [V2]") {
  const auto c =
      good(listener("v", "vsock:any:2049") + listener("m", "vsock:2:20048") + listener("r", "vsock:any:111", true) +
           kBackends +
           guest_with("a", "cid = 42\nbackends = [\"nfs\", \"mountd\"]\nsec_by_program = { mountd = [\"sys\"] }") +
           guest_with("b", "cid = 43\nbackends = [\"nfs\"]\nprograms = [\"nfs:4\"]"));
  CHECK(only_view(c, "a") == std::vector<std::string>{"100000 2-4 vsockc 2.111 111", "100003 3-4 vsockc 2.2049 2049",
                                                      "100005 3-3 vsockc 2.2049 2049",
                                                      "100003 3-4 vsockc 2.20048 20048",
                                                      "100005 3-3 vsockc 2.20048 20048"});
  CHECK(only_view(c, "b") == std::vector<std::string>{"100000 2-4 vsockc 2.111 111", "100003 4-4 vsockc 2.2049 2049",
                                                      "100003 4-4 vsockc 2.20048 20048"});
  CHECK(views(c, "a").front().listener == 2);
}

TEST_CASE("a listener that another guest has for the same CID is not shown [V2]") {
  const auto c =
      good(listener("v", "vsock:any:2049") + listener("w", "vsock:any:2050") + listener("r", "vsock:any:111", true) +
           kBackends + guest_with("a", "cid = 42\nbackends = [\"nfs\"]") +
           guest_with("other", "cid = 42\nlistener = \"w\"\nbackends = [\"nfs\"]"));
  CHECK(only_view(c, "a") == std::vector<std::string>{"100000 2-4 vsockc 2.111 111", "100003 3-4 vsockc 2.2049 2049"});
  CHECK(views(c, "other").empty());
}

TEST_CASE("a listener bound to another CID is shown with that one [V2]") {
  const auto c = good(listener("v", "vsock:1:2049") + listener("r", "vsock:1:111", true) + kBackends +
                      guest_with("a", "cid = 1\nbackends = [\"nfs\"]"));
  CHECK(only_view(c, "a") == std::vector<std::string>{"100000 2-4 vsockc 1.111 111", "100003 3-4 vsockc 1.2049 2049"});
}

TEST_CASE("the guest of a hybrid VMM is shown CID 2, on its own listeners alone [V2]") {
  const auto c =
      good(listener("fc1", "hybrid:/run/a.sock:2049") + listener("fc1-rpcbind", "hybrid:/run/a.sock:111", true) +
           listener("fc2", "hybrid:/run/b.sock:2049") + listener("v", "vsock:any:2049") + kBackends +
           guest_with("a", "listener = [\"fc1\", \"fc1-rpcbind\"]\nbackends = [\"nfs\"]") +
           guest_with("b", "listener = \"fc2\"\nbackends = [\"nfs\"]"));
  CHECK(only_view(c, "a") == std::vector<std::string>{"100000 2-4 vsockc 2.111 111", "100003 3-4 vsockc 2.2049 2049"});
  CHECK(views(c, "b").empty());
}

TEST_CASE("a guest behind a TAP is shown the link's address, without the interface [V2]") {
  const auto c = good(listener("t", "tcp:[fe80::1%tap0]:2049") + listener("t1", "tcp:[fe80::1%tap1]:2049") +
                      listener("r", "tcp:[fe80::1%tap0]:111", true) + kBackends +
                      guest_with("a", "interface = \"tap0\"\nbackends = [\"nfs\"]") +
                      guest_with("b", "interface = \"tap1\"\nbackends = [\"nfs\"]"));
  CHECK(only_view(c, "a") ==
        std::vector<std::string>{"100000 2-4 tcp6 fe80::1.0.111 111", "100003 3-4 tcp6 fe80::1.8.1 2049"});
  CHECK(views(c, "b").empty());
}

TEST_CASE("a guest of a user is shown sockets' paths, those of hybrid listeners of its VMM as CID 2 [V2]") {
  const auto c = good(listener("h", "hybrid:/run/a.sock:2049") + listener("u", "unix:/run/nfs.sock") +
                      listener("r", "unix:/run/rpcbind-guests.sock", true) + kBackends +
                      guest_with("a", "uid = 1000\nbackends = [\"nfs\"]"));
  CHECK(only_view(c, "a") == std::vector<std::string>{"100000 2-4 local /run/rpcbind-guests.sock 0",
                                                      "100003 3-4 local /run/nfs.sock 0",
                                                      "100003 3-4 vsockc 2.2049 2049"});
}

TEST_CASE("addresses of the kind that was asked come first [V2]") {
  const std::string all = listener("t", "tcp:127.0.0.1:12049") + listener("v", "vsock:any:2049") +
                          listener("rv", "vsock:any:111", true) + listener("rt", "tcp:127.0.0.1:111", true) +
                          kBackends +
                          guest_with("a", "listener = [\"t\", \"v\", \"rv\", \"rt\"]\nbackends = [\"nfs\"]");
  const auto c = good(all);
  const auto both = views(c, "a");
  REQUIRE(both.size() == 2);
  CHECK(lines(both[0].view) == std::vector<std::string>{"100000 2-4 vsockc 2.111 111", "100003 3-4 vsockc 2.2049 2049",
                                                        "100003 3-4 tcp 127.0.0.1.47.17 12049"});
  CHECK(lines(both[1].view) == std::vector<std::string>{"100000 2-4 tcp 127.0.0.1.0.111 111",
                                                        "100003 3-4 tcp 127.0.0.1.47.17 12049",
                                                        "100003 3-4 vsockc 2.2049 2049"});
}

TEST_CASE("what systemd passes and a server's own rpcbind are not shown [V2]") {
  const auto c =
      good(listener("s", "systemd:nfs") + listener("v", "vsock:any:2049") + listener("r", "vsock:any:111", true) +
           kBackends +
           "[[backend]]\nname = \"rpcbind\"\naddress = \"unix:/run/rpcbind.sock\"\nprograms = [\"rpcbind:2-4\"]\n" +
           guest_with("a", "cid = 42\nbackends = [\"rpcbind\", \"nfs\"]"));
  CHECK(only_view(c, "a") == std::vector<std::string>{"100000 2-4 vsockc 2.111 111", "100003 3-4 vsockc 2.2049 2049"});
}

TEST_CASE("without a listener with rpcbind there is no view") {
  const auto c = good(listener("v", "vsock:any:2049") + kBackends + guest_with("a", "cid = 42\nbackends = [\"nfs\"]"));
  CHECK(views(c, "a").empty());
}
