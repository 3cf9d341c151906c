// What good configurations become.
#include <algorithm>

#include "proxy/config/settings.h"
#include "proxy/config/units.h"
#include "tests/unit/proxy/config/fixture.h"

using namespace gatehouse;
using namespace gatehouse::test;
using namespace std::chrono_literals;
using policy::Sec;

TEST_CASE("an empty configuration is good, and lets nobody in [L8]") {
  const auto c = good("");
  CHECK(c.gateway.workers == 0);
  CHECK(c.gateway.idle_timeout == 6min);
  CHECK(c.gateway.record_timeout == 30s);
  CHECK(c.listeners.empty());
  CHECK(c.guests.empty());
  CHECK(c.warnings.empty());
}

TEST_CASE("a guest that states nothing is as strict as exports(5) [V5, T1]") {
  const auto c = good(kBase);
  const policy::Guest& g = guest(c, "build1");
  CHECK_FALSE(g.trusted);
  CHECK(g.ids.squash == authunix::Squash::root);
  CHECK(g.ids.anonuid == 65534);
  CHECK(g.ids.anongid == 65534);
  CHECK(g.ids.secure);
  CHECK(g.ids.insecure_action == authunix::InsecureAction::reject);
  CHECK(g.ids.groups == authunix::GroupStrategy::first16);
  CHECK(g.sec == policy::SecSet{Sec::sys, Sec::krb5, Sec::krb5i, Sec::krb5p});
  CHECK(g.limits.connections == 64);
  CHECK(g.limits.record_bytes == 2U << 20);
  CHECK(g.limits.buffered_bytes == 64U << 20);
}

TEST_CASE("sections are read as they are stated") {
  const auto c = good(R"(
[gateway]
workers = 3
idle_timeout = "24h"
record_timeout = "500ms"
[admin]
socket = ""
http = "127.0.0.1:9464"
[kerberos]
acceptor = "gssproxy"
keytab = "/k"
gssproxy_socket = "/g"
service = "rpc"
replay_cache = "/r"
accept_timeout = "2s"
context_lifetime = "10min"
id_cache = "5s"
sequence_window = 128
[audit]
log = "none"
[[principal]]
match = "a@R"
map = "alice"
[[principal]]
match = "b@*"
map = { uid = 1, gid = 2, groups = [3, 2, 4, 3] }
[[principal]]
match = "*"
map = "deny"
[[listener]]
name = "h"
address = "hybrid:/run/h:2049"
mode = "0660"
group = "kvm"
[[backend]]
name = "b"
address = "unix:/run/b"
programs = ["300:1"]
connect_timeout = "2s"
proxy_protocol = true
)");
  CHECK(c.gateway.workers == 3);
  CHECK(c.gateway.idle_timeout == 24h);
  CHECK(c.gateway.record_timeout == 500ms);
  CHECK(c.admin.socket.empty());
  CHECK(c.admin.http == "127.0.0.1:9464");
  CHECK(c.audit.log == config::Audit::kNone);
  CHECK(good("").audit.log == config::Audit::kJournal);
  CHECK_FALSE(c.admin.http_open);
  REQUIRE(c.admin.http_address);
  CHECK(net::format(*c.admin.http_address) == "tcp:127.0.0.1:9464");
  CHECK(c.kerberos.acceptor == config::Kerberos::Acceptor::gssproxy);
  CHECK(c.kerberos.keytab == "/k");
  CHECK(c.kerberos.gssproxy_socket == "/g");
  CHECK(c.kerberos.service == "rpc");
  CHECK(c.kerberos.replay_cache == "/r");
  CHECK(c.kerberos.accept_timeout == 2s);
  CHECK(c.kerberos.context_lifetime == 10min);
  CHECK(c.kerberos.id_cache == 5s);
  CHECK(c.kerberos.sequence_window == 128);
  REQUIRE(c.principals.size() == 3);
  CHECK(std::get<std::string>(c.principals[0].map) == "alice");
  CHECK(c.principals[1].match == "b@*");
  CHECK(std::get<gss::Ids>(c.principals[1].map) == gss::Ids{1, 2, {3, 4}});
  CHECK(std::holds_alternative<gss::PrincipalRule::Deny>(c.principals[2].map));
  CHECK(c.listeners[0].mode == 0660);
  CHECK(c.listeners[0].group == "kvm");
  CHECK(c.backends[0].connect_timeout == 2s);
  CHECK(c.backends[0].proxy_protocol);
  CHECK(c.backends[0].programs[0].program == 300);
}

TEST_CASE("a guest inherits from [defaults] key by key, in limits and sec_by_program too [L1]") {
  const auto c = good(kBase + kGuest + R"(anonuid = 5
limits = { connections = 3, buffered_bytes = 4194304 }
sec_by_program = { nfs = ["krb5p"], rpcbind = ["krb5"] }
backends = ["nfs"]
[defaults]
anonuid = 7
anongid = 8
groups = "primary"
sec = ["sys"]
sec_by_program = { mountd = ["krb5i"], nfs = ["sys"] }
limits = { connections = 9, record_bytes = "1MiB", log_lines = 2, audit_lines = 3 }
backends = ["mountd"]
)");
  const policy::Guest& g = guest(c, "web1");
  CHECK(g.ids.anonuid == 5);
  CHECK(g.ids.anongid == 8);
  CHECK(g.ids.groups == authunix::GroupStrategy::primary);
  CHECK(g.limits.connections == 3);
  CHECK(g.limits.buffered_bytes == 4194304);
  CHECK(g.limits.record_bytes == 1U << 20);
  CHECK(g.limits.log_lines == 2);
  CHECK(g.limits.audit_lines == 3);
  CHECK(g.sec_for(100005) == policy::SecSet{Sec::krb5i});
  CHECK(g.sec_for(100003) == policy::SecSet{Sec::krb5p});
  CHECK(g.sec_for(100000) == policy::SecSet{Sec::krb5});
  CHECK(g.sec_for(100021) == policy::SecSet{Sec::sys});
  CHECK(g.programs.front().backend == 0);
}

TEST_CASE("Kerberos is accepted as it says by default [G4, G12]") {
  const config::Kerberos k = good("").kerberos;
  CHECK(k.acceptor == config::Kerberos::Acceptor::keytab);
  CHECK(k.keytab == "/etc/krb5.keytab");
  CHECK(k.gssproxy_socket == "/run/gatehouse/gssproxy.sock");
  CHECK(k.service == "nfs");
  CHECK(k.replay_cache == "/var/lib/gatehouse/rcache");
  CHECK(k.accept_timeout == 10s);
  CHECK(k.context_lifetime == 24h);
  CHECK(k.id_cache == 10min);
  CHECK(k.sequence_window == 1024);
  CHECK(good("").principals.empty());
  CHECK(good("[kerberos]\nreplay_cache = \"\"\n").kerberos.replay_cache.empty());
}

TEST_CASE("limits of Kerberos contexts have defaults and are stated one by one [G12, G13, P15]") {
  const policy::Limits fallback = guest(good(kBase), "build1").limits;
  CHECK(fallback.contexts == 4096);
  CHECK(fallback.nascent_contexts == 64);
  CHECK(fallback.inits_per_second == 1000);
  CHECK(fallback.gss_request_bytes == 32U << 20);
  CHECK(fallback.gss_reply_bytes == 32U << 20);
  const auto c =
      good(kBase + kGuest + "limits = { contexts = 5, nascent_contexts = 6, gss_request_bytes = \"7GiB\" }\n" +
           "[defaults.limits]\ninits_per_second = 8\ngss_reply_bytes = \"9MiB\"\ncontexts = 10\n");
  const policy::Limits& l = guest(c, "web1").limits;
  CHECK(l.contexts == 5);
  CHECK(l.nascent_contexts == 6);
  CHECK(l.inits_per_second == 8);
  CHECK(l.gss_request_bytes == std::uint64_t{7} << 30);
  CHECK(l.gss_reply_bytes == 9U << 20);
}

TEST_CASE("a guest's principals are its own list or that of [defaults], not both [G11]") {
  using List = std::vector<std::string>;
  const std::string defaults = "[defaults]\nprincipals = [\"*@A\", \"host/*\"]\n";
  CHECK(guest(good(kBase), "build1").principals.empty());
  CHECK(guest(good(kBase + defaults), "build1").principals == List{"*@A", "host/*"});
  CHECK(guest(good(kBase + kGuest + "principals = [\"*@B\"]\n" + defaults), "web1").principals == List{"*@B"});
  CHECK(guest(good(kBase + kGuest + "principals = []\n" + defaults), "web1").principals.empty());
}

TEST_CASE("stating keys of the admin socket and of Kerberos brings no warning") {
  CHECK(
      warnings(
          "[admin]\nsocket = \"\"\n[kerberos]\nkeytab = \"/k\"\n[[principal]]\nmatch = \"a@R\"\nmap = { uid = 1, gid = "
          "1 }\n")
          .empty());
}

TEST_CASE("the admin socket's groups are this host's, by number; none is stated, none is let in [L7]") {
  CHECK_FALSE(good("").admin.group_id);
  CHECK_FALSE(good("").admin.read_group_id);
  const auto c = good("[admin]\ngroup = \"root\"\nread_group = \"nogroup\"\n");
  CHECK(c.admin.group_id == 0U);
  CHECK(c.admin.read_group_id == 65534U);
}

TEST_CASE("what is allowed but hardly meant brings a warning") {
  check_one(warnings("[gateway]\nidle_timeout = \"359s\""), "2:16", "below 6min");
  CHECK(warnings("[gateway]\nidle_timeout = \"6min\"").empty());
  check_one(warnings("[[listener]]\nname = \"x\"\naddress = \"vsock:any:1\"\nmode = \"0660\""), "4:8",
            "no socket file");
  check_one(warnings("[[listener]]\nname = \"x\"\naddress = \"unix:/x\"\nvsock_buffer = \"1MiB\""), "4:16",
            "is no vsock address");
  check_one(
      warnings("[[backend]]\nname = \"x\"\naddress = \"unix:/x\"\nprograms = [\"nfs:4\"]\nvsock_buffer = \"1MiB\""),
      "5:16", "is no vsock address");
  check_one(warnings(kBase + kGuest + "backends = [\"nfs\"]\nlimits = { buffered_bytes = \"1MiB\" }"), "29:29",
            "below record_bytes");
  CHECK(warnings(kBase + kGuest + "backends = [\"nfs\"]\nsec = [\"krb5p\"]").empty());
}

TEST_CASE("principals of a guest that takes no Kerberos flavor bring a warning [V7]") {
  const std::string with = kBase + kGuest + "backends = [\"nfs\"]\nprincipals = [\"*@R\"]\n";
  check_one(warnings(with + "sec = [\"sys\"]"), "29:14", "sec of guest \"web1\" lists no Kerberos flavor");
  CHECK(warnings(with).empty());
  CHECK(warnings(with + "sec = [\"sys\"]\nsec_by_program = { nfs = [\"krb5\"] }").empty());
  CHECK(
      warnings(kBase + kGuest + "backends = [\"nfs\"]\nsec = [\"sys\"]\n[defaults]\nprincipals = [\"*@R\"]\n").empty());
}

TEST_CASE("a [[principal]] that an earlier one leaves nothing to brings a warning that names both places") {
  const auto rules = [](std::initializer_list<const char*> patterns) {
    std::string out;
    for (const char* p : patterns) out += std::string("[[principal]]\nmatch = \"") + p + "\"\nmap = \"nobody\"\n";
    return out;
  };
  check_one(warnings(rules({"*", "a@R"})), "5:9", "never reached: the one for \"*\" at f:2:9");
  check_one(warnings(rules({"a@R", "b@R", "a@R"})), "8:9", "the one for \"a@R\" at f:2:9");
  check_one(warnings(rules({"host/*", "host/*@R"})), "5:9", "the one for \"host/*\"");
  check_one(warnings(rules({"*@R", "host/a*@R"})), "5:9", "the one for \"*@R\"");
  CHECK(warnings(rules({"host/*@R", "host/*", "*@R", "*@*", "*"})).empty());
  CHECK(warnings(rules({"a@R", "*@R", "a@S"})).empty());
}

TEST_CASE(
    "whether a guest's peers have source ports follows from its keys, and of a systemd listener is not known [V5, "
    "A3]") {
  const auto known = [](const std::string& identity) {
    const auto c = good("[[listener]]\nname = \"s\"\naddress = \"systemd:s\"\n" + kBase + "[[guest]]\nname = \"x\"\n" +
                        identity + "\n");
    return config::source_port_known(c, guest(c, "x"));
  };
  CHECK(known("cid = 42") == std::optional(true));
  CHECK(known("interface = \"tap0\"\nlistener = \"s\"") == std::optional(true));
  CHECK(known("listener = \"v\"") == std::optional(true));
  CHECK(known("listener = \"u\"") == std::optional(false));
  CHECK(known("uid = 7") == std::optional(false));
  CHECK(known("uid = 7\nlistener = \"s\"") == std::optional(false));
  CHECK(known("listener = \"s\"") == std::nullopt);
}

TEST_CASE("times and sizes carry units, and are written as they are read") {
  CHECK(config::parse_time("500ms") == 500);
  CHECK(config::parse_time("30s") == 30000);
  CHECK(config::parse_time("6min") == 360000);
  CHECK(config::parse_time("24h") == 86400000);
  CHECK(config::parse_time("2d") == 172800000);
  CHECK(config::parse_size("512B") == 512);
  CHECK(config::parse_size("64KiB") == 65536);
  CHECK(config::parse_size("1TiB") == std::int64_t{1} << 40);
  for (const char* wrong : {"", "s", "1", "1.5s", "1 s", "1S", "-1s", "1m", "+1s", "9223372036854775807d",
                            "99999999999999999999s", "1h30min"})
    CHECK_FALSE(config::parse_time(wrong));
  for (const char* wrong : {"", "B", "1", "1kB", "1KB", "1M", "-1B", "9223372036854775807KiB"})
    CHECK_FALSE(config::parse_size(wrong));
  for (const std::int64_t ms : {0L, 1L, 999L, 1000L, 90000L, 360000L, 86400000L})
    CHECK(config::parse_time(config::format_time(ms)) == ms);
  for (const std::int64_t n : {0L, 1L, 1023L, 1024L, 3L << 20}) CHECK(config::parse_size(config::format_size(n)) == n);
  CHECK(config::parse_mode("0660") == 0660U);
  CHECK(config::parse_mode("660") == 0660U);
  for (const char* wrong : {"", "60", "00660", "0x60", "0680", "-660"}) CHECK_FALSE(config::parse_mode(wrong));
  CHECK(config::format_mode(0640) == "0640");
}
