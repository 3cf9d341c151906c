// Identity, source addresses, programs and maps of guests.
#include "proxy/config/source_address.h"
#include "tests/unit/proxy/config/fixture.h"

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

std::string second(const std::string& name, const std::string& keys) {
  return "[[guest]]\nname = \"" + name + "\"\n" + keys + "\n";
}

}  // namespace

TEST_CASE("a guest without identity key is an error [L3, L8]") {
  check_one(errors(kBase + second("x", "backends = [\"nfs\"]")), "25:1", "has no identity");
}

TEST_CASE("guests with identical keys are an error that names both, other key sets are not [L2, L9]") {
  check_one(errors(kBase + second("x", "cid = 41")), "25:1",
            "guests \"build1\" (f:21:1) and \"x\" have the same identity, cid = 41");
  check_one(errors(kBase + second("x", "listener = \"u\"\nuid = 7") + second("y", "uid = 7\nlistener = \"u\"")), "29:1",
            "listener = \"u\", uid = 7");
  CHECK(errors(kBase + second("x", "cid = 41\nlistener = \"v\"") + second("y", "listener = \"v\"")).empty());
}

TEST_CASE("a guest may come by several listeners, each named once [L3]") {
  const std::string more = kBase + "[[listener]]\nname = \"w\"\naddress = \"vsock:any:111\"\n";
  const auto c = good(more + second("x", "cid = 7\nlistener = [\"w\", \"v\", \"w\"]"));
  CHECK(guest(c, "x").identity.listeners == std::vector<std::uint16_t>{2, 0});
  check_one(errors(kBase + second("x", "listener = []")), "27:12", "listener is an empty list");
  check_one(errors(kBase + second("x", "listener = [\"v\", \"nobody\"]")), "27:18", "there is no listener \"nobody\"");
  check_one(errors(kBase + second("x", "listener = [\"v\", 7]")), "27:18", "or a list of strings");
  check_one(errors(kBase + second("x", "listener = 7")), "27:12", "or a list of strings");
  check_one(errors(kBase + second("x", "cid = 42\nlistener = [\"v\", \"u\"]")), "28:12", "can never match");
}

TEST_CASE("guests that one peer could both be are an error, also where lists of listeners overlap [L2, L9]") {
  check_one(errors(kBase + second("x", "listener = [\"v\", \"u\"]") + second("y", "listener = \"u\"")), "28:1",
            "guests \"x\" (f:25:1) and \"y\" have the same identity, listener = \"u\"");
  check_one(errors(kBase + second("x", "listener = \"v\"") + second("y", "listener = [\"u\", \"v\"]")), "28:1",
            "listener = [\"u\", \"v\"]");
  CHECK(errors(kBase + second("x", "listener = \"v\"") + second("y", "listener = [\"u\"]")).empty());
  CHECK(errors(kBase + second("x", "cid = 7\nlistener = [\"v\"]") + second("y", "listener = [\"u\", \"v\"]")).empty());
}

TEST_CASE("a guest with listeners of both kinds may have source ports or not [V5]") {
  const auto c = good(kBase + second("both", "listener = [\"v\", \"u\"]") + second("x", "uid = 5\nlistener = [\"u\"]"));
  CHECK_FALSE(config::source_port_known(c, guest(c, "both")).has_value());
  CHECK(config::source_port_known(c, guest(c, "x")) == std::optional(false));
}

TEST_CASE("a listener answers rpcbind when it says so, but for one of systemd [V2]") {
  const std::string r = "[[listener]]\nname = \"r\"\naddress = \"vsock:any:111\"\n";
  CHECK_FALSE(good(kBase + r).listeners[2].rpcbind);
  CHECK(good(kBase + r + "rpcbind = true\n").listeners[2].rpcbind);
  check_one(errors(kBase + "[[listener]]\nname = \"r\"\naddress = \"systemd:x\"\nrpcbind = true\n"), "28:11",
            "shows only at run time");
}

TEST_CASE("keys that no peer can have together are an error [L3]") {
  check_one(errors(kBase + second("x", "cid = 42\nuid = 7")), "25:1", "can never match");
  check_one(errors(kBase + second("x", "cid = 42\nlistener = \"u\"")), "28:12", "can never match");
  check_one(errors(kBase + second("x", "uid = 7\nlistener = \"v\"")), "28:12", "can never match");
  check_one(errors(kBase + second("x", "interface = \"tap0\"\nlistener = \"v\"")), "28:12", "can never match");
  check_one(errors(kBase + second("x", "interface = \"a b\"")), "27:13", "at most 15 characters");
}

TEST_CASE("a guest that no listener can bring is a warning") {
  const auto found = warnings(kBase + second("x", "interface = \"tap0\"\nbackends = [\"nfs\"]"));
  check_one(found, "25:1", "has no listener that it could come by");
  CHECK(warnings(kBase + "[[listener]]\nname = \"t\"\naddress = \"tcp:[fe80::1%tap0]:2049\"\n" +
                 second("x", "interface = \"tap0\"\nbackends = [\"nfs\"]"))
            .empty());
}

TEST_CASE("a reserved CID is a guest's when an entry states it [V4]") {
  for (const char* cid : {"0", "1", "2", "4294967295"}) {
    const auto c = good(kBase + second("x", std::string("cid = ") + cid));
    CHECK(guest(c, "x").identity.cid == static_cast<std::uint32_t>(std::stoul(cid)));
  }
}

TEST_CASE("identity keys are read") {
  const auto c =
      good(kBase + second("x", "listener = \"u\"\nuid = 1000\nuuid = \"6b1b3c5e-98f2-4c0e-8e0e-1f2a3b4c5d6e\""));
  CHECK(guest(c, "x").identity.listeners == std::vector<std::uint16_t>{1});
  CHECK(guest(c, "x").identity.uid == 1000U);
  CHECK(guest(c, "x").uuid == "6b1b3c5e-98f2-4c0e-8e0e-1f2a3b4c5d6e");
}

TEST_CASE("a guest without backends is a warning [L8]") {
  check_one(warnings(kBase + kGuest), "25:1", "has no backends");
}

TEST_CASE("the source address comes from the name and is never the first or last of a net [L4, P10]") {
  CHECK(config::format_ipv4(config::derive_source_address("web1")) == "127.121.50.165");
  CHECK(config::format_ipv4(config::derive_source_address("build1")) == "127.99.205.145");
  for (int i = 0; i < 20000; ++i) {
    const auto a = config::derive_source_address("guest-" + std::to_string(i));
    if (a[0] != 127 || a[1] < 64 || a[1] > 127 || a[3] == 0 || a[3] == 255) FAIL(config::format_ipv4(a));
  }
  const auto c = good(kBase + second("web1", "cid = 42\nbackends = [\"nfs\"]"));
  CHECK(guest(c, "web1").source_address == config::derive_source_address("web1"));
  CHECK_FALSE(guest(c, "web1").source_address_stated);
}

TEST_CASE("a source address that is stated is taken [L4]") {
  const auto c = good(kBase + second("x", "cid = 42\nsource_address = \"127.66.0.42\""));
  CHECK(guest(c, "x").source_address == std::array<std::uint8_t, 4>{127, 66, 0, 42});
  CHECK(guest(c, "x").source_address_stated);
}

TEST_CASE("two guests with one source address, stated or derived, are an error that names both [L4, P10]") {
  check_one(errors(kBase + second("x", "cid = 42\nsource_address = \"127.66.0.42\"") +
                   second("y", "cid = 43\nsource_address = \"127.66.0.42\"")),
            "32:18", "guests \"x\" (f:25:1) and \"y\" both have source address 127.66.0.42");
  check_one(errors(kBase + second("web1", "cid = 42") + second("y", "cid = 43\nsource_address = \"127.121.50.165\"")),
            "31:18", "guests \"web1\" (f:25:1) and \"y\"");
  check_one(errors(kBase + second("y", "cid = 43\nsource_address = \"127.121.50.165\"") + second("web1", "cid = 42")),
            "29:1", "guests \"y\" (f:25:1) and \"web1\"");
}

TEST_CASE("127.0.0.0/16 and addresses that are no host's are no source address [L4]") {
  for (const char* a : {"127.0.0.1", "127.0.255.255"})
    check_one(errors(kBase + second("x", std::string("cid = 42\nsource_address = \"") + a + '"')), "28:18",
              "127.0.0.0/16");
  for (const char* a : {"0.0.0.0", "224.0.0.1", "255.255.255.255"})
    check_one(errors(kBase + second("x", std::string("cid = 42\nsource_address = \"") + a + '"')), "28:18",
              "no address of a host");
  CHECK(errors(kBase + second("x", "cid = 42\nsource_address = \"127.1.0.1\"")).empty());
}

TEST_CASE("a loopback source and a backend that is elsewhere are an error [L4]") {
  const std::string far = "[[backend]]\nname = \"far\"\naddress = \"tcp:192.0.2.9:2049\"\nprograms = [\"nfs:4\"]\n";
  check_one(errors(kBase + far + second("x", "cid = 42\nbackends = [\"far\"]")), "29:1", "state source_address");
  check_one(errors(kBase + far + second("x", "cid = 42\nbackends = [\"far\"]\nsource_address = \"127.66.0.1\"")),
            "33:18", "is loopback, but backend \"far\"");
  CHECK(errors(kBase + far + second("x", "cid = 42\nbackends = [\"far\"]\nsource_address = \"192.0.2.1\"")).empty());
}

TEST_CASE("a guest may call all that its backends serve, unless programs narrows it [L1, L5]") {
  const auto all = good(kBase + second("x", "cid = 42\nbackends = [\"nfs\", \"mountd\"]"));
  REQUIRE(guest(all, "x").programs.size() == 3);
  CHECK(guest(all, "x").programs[0].program == 100003);
  CHECK(guest(all, "x").programs[0].low == 3);
  CHECK(guest(all, "x").programs[0].high == 4);
  CHECK(guest(all, "x").programs[2].backend == 1);

  const auto narrow = good(kBase + second("x",
                                          "cid = 42\nbackends = [\"nfs\", \"mountd\"]\nprograms = [\"nfs:4\", "
                                          "\"mountd:3/umnt,null,mnt,1\", \"100227\"]"));
  const auto& grants = guest(narrow, "x").programs;
  REQUIRE(grants.size() == 3);
  CHECK(grants[0].low == 4);
  CHECK(grants[0].high == 4);
  CHECK(grants[0].procedures.empty());
  CHECK(grants[1].procedures == std::vector<std::uint32_t>{0, 1, 3});
  CHECK(grants[1].backend == 1);
  CHECK(grants[2].program == 100227);
}

TEST_CASE("a procedure's name is looked up in each version [L1]") {
  const auto c =
      good(kBase + second("x", "cid = 42\nbackends = [\"rpcbind\"]\nprograms = [\"rpcbind:3-4/dump,gettime\"]"));
  const auto& grants = guest(c, "x").programs;
  REQUIRE(grants.size() == 2);
  CHECK(grants[0].low == 3);
  CHECK(grants[1].low == 4);
  CHECK(grants[0].procedures == std::vector<std::uint32_t>{4, 6});
  check_one(errors(kBase + second("x", "cid = 42\nbackends = [\"nfs\"]\nprograms = [\"nfs:3-4/getattr\"]")), "29:13",
            "\"getattr\" is none");
}

TEST_CASE("narrowing what no backend of the guest serves is an error [L1]") {
  const auto with = [](const std::string& programs) {
    return kBase + second("x", "cid = 42\nbackends = [\"nfs\"]\nprograms = [" + programs + "]");
  };
  check_one(errors(with("\"mountd:3\"")), "29:13", "none of the guest's backends serves");
  check_one(errors(with("\"nfs:2\"")), "29:13", "they serve nfs versions 3 to 4");
  check_one(errors(with("\"nfs:2-4\"")), "29:13", "they serve nfs versions 3 to 4");
  check_one(errors(with("\"nfs:4\", \"nfs\"")), "29:22", "overlaps an entry before it");
  check_one(errors(with("\"nfs:4/\"")), "29:13", "lists no procedure");
  check_one(errors(with("\"nfs:4/null,\"")), "29:13", "names no procedure");
  check_one(errors(with("\"nfs:\"")), "29:13", "is no program");
  check_one(errors(with("\"\"")), "29:13", "is no program");
}

TEST_CASE("procedures of rpcbind that the built-in rule refuses bring a warning [P8]") {
  check_one(
      warnings(kBase + second("x", "cid = 42\nbackends = [\"rpcbind\"]\nprograms = [\"rpcbind:2/getport,callit\"]")),
      "29:13", "built-in rule");
}

TEST_CASE("a program and version that two backends serve is an error [L1]") {
  const std::string other = "[[backend]]\nname = \"nfs2\"\naddress = \"unix:/n\"\nprograms = [\"nfs:4\"]\n";
  check_one(errors(kBase + other + second("x", "cid = 42\nbackends = [\"nfs\", \"nfs2\"]")), "32:20",
            "nfs version 4, and so does backend \"nfs\"");
}

TEST_CASE("maps of ids are read, and gid_map is uid_map unless stated [T1]") {
  const auto c = good(kBase + second("x", "cid = 42\nuid_map = [\"0-9:100\", \"20:50\"]") +
                      second("y", "cid = 43\nuid_map = [\"0-9:100\"]\ngid_map = []"));
  CHECK(guest(c, "x").ids.uid_map.ranges().size() == 2);
  CHECK(guest(c, "x").ids.gid_map.ranges() == guest(c, "x").ids.uid_map.ranges());
  CHECK(guest(c, "y").ids.gid_map.empty());
  check_one(errors(kBase + second("x", "cid = 42\nuid_map = [\"0-9:100\", \"9:500\"]")), "28:23",
            "overlaps a range before it");
  check_one(errors(kBase + second("x", "cid = 42\nuid_map = [\"5-2:100\"]")), "28:12", "no range of ids");
  check_one(errors(kBase + second("x", "cid = 42\ngid_map = [\"1-4:10\", \"8:12\"]")), "28:22", "overlaps");
}
