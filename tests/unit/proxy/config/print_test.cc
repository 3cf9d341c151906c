// print(): what it writes loads to an equal configuration.
#include "tests/unit/proxy/config/fixture.h"

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

bool equal(const policy::ProgramGrant& a, const policy::ProgramGrant& b) {
  return a.program == b.program && a.low == b.low && a.high == b.high && a.backend == b.backend &&
         a.procedures == b.procedures;
}
bool equal(const std::vector<policy::ProgramGrant>& a, const std::vector<policy::ProgramGrant>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) { return equal(x, y); });
}

void check_equal(const authunix::Rules& a, const authunix::Rules& b) {
  CHECK(a.squash == b.squash);
  CHECK(a.anonuid == b.anonuid);
  CHECK(a.anongid == b.anongid);
  CHECK(a.secure == b.secure);
  CHECK(a.insecure_action == b.insecure_action);
  CHECK(a.groups == b.groups);
  CHECK(a.uid_map.ranges() == b.uid_map.ranges());
  CHECK(a.gid_map.ranges() == b.gid_map.ranges());
}

void check_equal(const policy::Limits& a, const policy::Limits& b) {
  CHECK(a.connections == b.connections);
  CHECK(a.in_flight == b.in_flight);
  CHECK(a.record_bytes == b.record_bytes);
  CHECK(a.fragments == b.fragments);
  CHECK(a.buffered_bytes == b.buffered_bytes);
  CHECK(a.log_lines == b.log_lines);
  CHECK(a.audit_lines == b.audit_lines);
  CHECK(a.contexts == b.contexts);
  CHECK(a.nascent_contexts == b.nascent_contexts);
  CHECK(a.inits_per_second == b.inits_per_second);
  CHECK(a.gss_request_bytes == b.gss_request_bytes);
  CHECK(a.gss_reply_bytes == b.gss_reply_bytes);
}

void check_equal(const policy::NfsRules& a, const policy::NfsRules& b) {
  CHECK(a.bind_state == b.bind_state);
  CHECK(a.bind_owners == b.bind_owners);
  CHECK(a.bind_handles == b.bind_handles);
  CHECK(a.callback_addresses == b.callback_addresses);
  CHECK(a.ro == b.ro);
  CHECK(a.pass_unknown == b.pass_unknown);
  CHECK(a.mount_paths == b.mount_paths);
}

void check_equal(const config::Kerberos& a, const config::Kerberos& b) {
  CHECK(a.acceptor == b.acceptor);
  CHECK(a.keytab == b.keytab);
  CHECK(a.gssproxy_socket == b.gssproxy_socket);
  CHECK(a.service == b.service);
  CHECK(a.replay_cache == b.replay_cache);
  CHECK(a.accept_timeout == b.accept_timeout);
  CHECK(a.context_lifetime == b.context_lifetime);
  CHECK(a.id_cache == b.id_cache);
  CHECK(a.sequence_window == b.sequence_window);
}

void check_equal(const gss::PrincipalRule& a, const gss::PrincipalRule& b) {
  CHECK(a.match == b.match);
  REQUIRE(a.map.index() == b.map.index());
  if (const auto* account = std::get_if<std::string>(&a.map)) CHECK(*account == std::get<std::string>(b.map));
  if (const auto* ids = std::get_if<gss::Ids>(&a.map)) CHECK(*ids == std::get<gss::Ids>(b.map));
}

void check_equal(const policy::Guest& a, const policy::Guest& b) {
  CAPTURE(a.name);
  CHECK(a.name == b.name);
  CHECK(a.uuid == b.uuid);
  CHECK(a.identity == b.identity);
  CHECK(a.trusted == b.trusted);
  CHECK(a.sec == b.sec);
  CHECK(a.sec_by_program == b.sec_by_program);
  CHECK(a.principals == b.principals);
  CHECK(equal(a.programs, b.programs));
  CHECK(a.source_address == b.source_address);
  CHECK(a.source_address_stated == b.source_address_stated);
  check_equal(a.ids, b.ids);
  check_equal(a.limits, b.limits);
  check_equal(a.nfs, b.nfs);
}

void check_equal(const config::Config& a, const config::Config& b) {
  CHECK(a.gateway.workers == b.gateway.workers);
  CHECK(a.gateway.idle_timeout == b.gateway.idle_timeout);
  CHECK(a.gateway.record_timeout == b.gateway.record_timeout);
  CHECK(a.gateway.secret == b.gateway.secret);
  CHECK(a.admin.socket == b.admin.socket);
  CHECK(a.admin.group == b.admin.group);
  CHECK(a.admin.read_group == b.admin.read_group);
  CHECK(a.admin.group_id == b.admin.group_id);
  CHECK(a.admin.read_group_id == b.admin.read_group_id);
  CHECK(a.admin.http == b.admin.http);
  CHECK(a.admin.http_open == b.admin.http_open);
  CHECK(a.audit == b.audit);
  check_equal(a.kerberos, b.kerberos);
  CHECK(a.trust_allowed == b.trust_allowed);
  REQUIRE(a.principals.size() == b.principals.size());
  for (std::size_t i = 0; i < a.principals.size(); ++i) check_equal(a.principals[i], b.principals[i]);
  REQUIRE(a.listeners.size() == b.listeners.size());
  for (std::size_t i = 0; i < a.listeners.size(); ++i) {
    CHECK(a.listeners[i].name == b.listeners[i].name);
    CHECK(net::format(a.listeners[i].address) == net::format(b.listeners[i].address));
    CHECK(a.listeners[i].mode == b.listeners[i].mode);
    CHECK(a.listeners[i].group == b.listeners[i].group);
    CHECK(a.listeners[i].vsock_buffer == b.listeners[i].vsock_buffer);
  }
  REQUIRE(a.backends.size() == b.backends.size());
  for (std::size_t i = 0; i < a.backends.size(); ++i) {
    CHECK(a.backends[i].name == b.backends[i].name);
    CHECK(net::format(a.backends[i].address) == net::format(b.backends[i].address));
    CHECK(equal(a.backends[i].programs, b.backends[i].programs));
    CHECK(a.backends[i].connect_timeout == b.backends[i].connect_timeout);
    CHECK(a.backends[i].proxy_protocol == b.backends[i].proxy_protocol);
    CHECK(a.backends[i].vsock_buffer == b.backends[i].vsock_buffer);
  }
  REQUIRE(a.guests.size() == b.guests.size());
  for (std::size_t i = 0; i < a.guests.size(); ++i) check_equal(a.guests[i], b.guests[i]);
}

void check_round_trip(const std::string& text) {
  const config::Config first = good(text);
  const std::string printed = config::print(first);
  INFO(printed);
  const config::Config second = good(printed);
  check_equal(first, second);
  CHECK(config::print(second) == printed);
}

}  // namespace

TEST_CASE("what is printed loads to an equal configuration [T6]") {
  check_round_trip("");
  check_round_trip(kBase);
  check_round_trip(kBase + kGuest);
}

TEST_CASE("a configuration that states everything is printed and loads to an equal one [T6]") {
  check_round_trip(kBase + R"(trusted = true
uuid = "6b1b3c5e-98f2-4c0e-8e0e-1f2a3b4c5d6e"
source_address = "127.66.0.1"
squash = "none"
anonuid = 0
secure = false
sec = ["none", "sys"]
sec_by_program = { mountd = ["sys"], 300000 = ["none"] }
insecure_action = "squash"
groups = "reject"
uid_map = ["0-9:0", "100:5000"]
gid_map = []
programs = ["nfs:4", "mountd:3/mnt,umnt"]
limits = { connections = 1, in_flight = 2, record_bytes = 1000, fragments = 3, buffered_bytes = "5GiB", log_lines = 4, audit_lines = 9, contexts = 5, nascent_contexts = 6, inits_per_second = 7, gss_request_bytes = 1000, gss_reply_bytes = "3GiB" }
principals = ["*@EXAMPLE.COM", "a \"b\"@*"]
state_ids = "plain"
client_owners = "bound"
callback_addresses = "plain"
filehandles = "bound"
ro = true
unknown_operations = "pass"
mount_paths = ["/srv/a \"b\"", "/"]
[gateway]
workers = 7
idle_timeout = "90s"
secret = "/s \"t\""
[audit]
log = "/var/log/a \"b\""
[admin]
socket = "/s \"a\""
group = "nogroup"
read_group = "root"
http = "192.0.2.1:1"
http_open = true
[kerberos]
acceptor = "gssproxy"
keytab = "/k"
gssproxy_socket = "/g"
service = "rpc"
replay_cache = ""
accept_timeout = "1500ms"
context_lifetime = "1h"
id_cache = "90s"
sequence_window = 99
[[principal]]
match = "a \"b\" \\ c@R"
map = { uid = 1, gid = 2, groups = [3, 2, 4, 3] }
[[principal]]
match = "b@R"
map = "b"
[[principal]]
match = "*"
map = "deny"
[[listener]]
name = "s"
address = "systemd:sock"
mode = "0666"
group = "kvm"
[[listener]]
name = "v2"
address = "vsock:2:2049"
vsock_buffer = "1MiB"
[[backend]]
name = "agent"
address = "vsock:42:700"
programs = ["300000:1"]
vsock_buffer = "8KiB"
[[backend]]
name = "fc"
address = "hybrid:/run/fc/v.sock:700"
programs = ["300000:1"]
[[listener]]
name = "t"
address = "tcp:[fe80::1%tap0]:2049"
[[guest]]
name = "s"
listener = "s"
uid = 5
[[guest]]
name = "t"
interface = "tap0"
squash = "all"
groups = "primary"
backends = ["rpcbind", "nfs"]
programs = ["rpcbind:2-4/null,3,4", "nfs"]
[defaults]
anongid = 99
)");
}

TEST_CASE("a guest without ports is printed so that it loads [V5]") {
  check_round_trip(kBase +
                   "[[guest]]\nname = \"x\"\nlistener = \"u\"\n[[guest]]\nname = \"y\"\nuid = 3\n[[listener]]\nname = "
                   "\"h\"\naddress = \"hybrid:/h:1\"\n");
}

TEST_CASE("a list that [defaults] narrows is printed as what the guest got [L1]") {
  check_round_trip(kBase + kGuest + "backends = [\"nfs\", \"mountd\"]\n[defaults]\nprograms = [\"nfs:3\"]\n");
}
