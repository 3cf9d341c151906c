// What is changed in a guest's NFS messages. kBase's guest build1 reaches the backend nfs, versions 3 and 4, and
// mountd; a second guest's keys begin at line 28.
#include "tests/unit/proxy/config/fixture.h"

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

// A second guest that reaches no server of the first one's, its further keys, and then those of [defaults].
std::string with(const std::string& keys, const std::string& defaults = "") {
  return kBase + kGuest + keys + "\n[defaults]\n" + defaults + "\n";
}

const policy::NfsRules& rules(const config::Config& c, const std::string& name = "web1") {
  return guest(c, name).nfs;
}

}  // namespace

TEST_CASE("unless stated, state ids are bound, handles are the server's, and nothing unknown passes [T3, P9]") {
  const auto c = good(with(""));
  CHECK(rules(c).bind_state);
  CHECK_FALSE(rules(c).bind_owners);
  CHECK_FALSE(rules(c).bind_handles);
  CHECK_FALSE(rules(c).callback_addresses);
  CHECK_FALSE(rules(c).ro);
  CHECK_FALSE(rules(c).pass_unknown);
  CHECK(rules(c).mount_paths.empty());
}

TEST_CASE("each rule of NFS is read at the guest, and inherited from [defaults] [T3, P9]") {
  const std::string all = R"(state_ids = "plain"
client_owners = "bound"
callback_addresses = "plain"
filehandles = "bound"
ro = true
unknown_operations = "pass"
mount_paths = ["/", "/srv/a", "/srv/..a/. b"])";
  for (const auto& text : {with(all), with("", all)}) {
    const auto c = good(text);
    CHECK_FALSE(rules(c).bind_state);
    CHECK(rules(c).bind_owners);
    CHECK(rules(c).bind_handles);
    CHECK(rules(c).callback_addresses);
    CHECK(rules(c).ro);
    CHECK(rules(c).pass_unknown);
    CHECK(rules(c).mount_paths == std::vector<std::string>{"/", "/srv/a", "/srv/..a/. b"});
  }
  const auto c = good(with("state_ids = \"bound\"\nro = false\nmount_paths = []", all));
  CHECK(rules(c).bind_state);
  CHECK_FALSE(rules(c).ro);
  CHECK(rules(c).mount_paths.empty());
}

TEST_CASE("a word that a rule of NFS does not have is an error that says which it has [T6]") {
  check_one(errors(with("state_ids = \"on\"")), "28:13", "write one of \"bound\", \"plain\"");
  check_one(errors(with("client_owners = \"none\"")), "28:17", "write one of \"bound\", \"plain\"");
  check_one(errors(with("callback_addresses = \"bound\"")), "28:22", "write one of \"none\", \"plain\"");
  check_one(errors(with("filehandles = \"\"")), "28:15", "write one of \"bound\", \"plain\"");
  check_one(errors(with("unknown_operations = \"deny\"")), "28:22", "write one of \"refuse\", \"pass\"");
  check_one(errors(with("ro = \"true\"")), "28:6", "ro");
  check_one(errors(with("", "filehandles = \"bond\"")), "30:15", "\"bond\"");
}

TEST_CASE("a mount path has one way to be written [P9]") {
  const auto path = [](const std::string& p) { return errors(with("mount_paths = [\"/a\", \"" + p + "\"]")); };
  check_one(path("srv"), "28:22", "mount path \"srv\" is not absolute");
  check_one(path(""), "28:22", "is not absolute");
  check_one(path("/srv/"), "28:22", "ends with /");
  check_one(path("//"), "28:22", "ends with /");
  check_one(path("//srv"), "28:22", "has an empty component");
  check_one(path("/srv//a"), "28:22", "has an empty component");
  check_one(path("/srv/../a"), "28:22", "has the component \"..\"");
  check_one(path("/.."), "28:22", "has the component \"..\"");
  check_one(path("/srv/."), "28:22", "has the component \".\"");
  check_one(path("/s\\u0000"), "28:22", "has a zero byte");
  check_one(path("/" + std::string(1024, 'a')), "28:22", "is longer than the 1024 bytes");
  check_one(path("/a"), "28:22", "mount_paths has \"/a\" already");
  CHECK(path("/" + std::string(1023, 'a')).empty());
  CHECK(path("/a/b").empty());
  check_one(errors(with("mount_paths = \"/a\"")), "28:15", "mount_paths");
}

TEST_CASE("owners are bound where an NFSv4 server serves several guests, and for its guests alone [T3]") {
  const auto bound = [](const std::string& keys, const std::string& name) {
    return rules(good(with(keys)), name).bind_owners;
  };
  const std::string nfs = "backends = [\"nfs\"]\n";
  CHECK(bound(nfs, "web1"));
  CHECK(bound(nfs, "build1"));
  CHECK(bound(nfs + "programs = [\"nfs:4\"]", "build1"));
  // With version 3, and with another program of the server, there are no owners.
  CHECK_FALSE(bound(nfs + "programs = [\"nfs:3\"]", "web1"));
  CHECK_FALSE(bound(nfs + "programs = [\"nfs:3\"]", "build1"));
  CHECK_FALSE(bound(nfs + "programs = [\"100227:3\"]", "build1"));
  CHECK_FALSE(bound("backends = [\"mountd\"]", "build1"));
  // Another backend of one address is the same server.
  const std::string alias = "[[backend]]\nname = \"nfs4\"\naddress = \"tcp:127.0.0.1:2049\"\nprograms = [\"nfs:4\"]\n";
  CHECK(bound("backends = [\"nfs4\"]\n" + alias, "build1"));
  const std::string other = "[[backend]]\nname = \"nfs4\"\naddress = \"tcp:127.0.0.1:2050\"\nprograms = [\"nfs:4\"]\n";
  CHECK_FALSE(bound("backends = [\"nfs4\"]\n" + other, "build1"));
}

TEST_CASE("owners and state ids that stay plain at a server that others use bring a warning, once [T3]") {
  const std::string nfs = "backends = [\"nfs\"]\n";
  const auto c = good(with(nfs + "client_owners = \"plain\""));
  CHECK_FALSE(rules(c).bind_owners);
  CHECK(rules(c, "build1").bind_owners);
  check_one(warnings(with(nfs + "client_owners = \"plain\"")), "29:17", "each ends the other's open files and locks");
  check_one(warnings(with(nfs + "state_ids = \"plain\"")), "29:13", "can use it and end it");
  check_one(warnings(with(nfs, "client_owners = \"plain\"")), "31:17", "backend \"nfs\"");
  check_one(warnings(with(nfs, "state_ids = \"plain\"")), "31:13", "backend \"nfs\"");
  CHECK(warnings(with("backends = [\"mountd\"]", "state_ids = \"plain\"\nclient_owners = \"plain\"")).empty());
  CHECK(warnings(with(nfs, "state_ids = \"bound\"\nclient_owners = \"bound\"")).empty());
}

TEST_CASE("mount_paths of a guest that may use NFSv4, or no mountd, brings a warning [P9]") {
  const std::string paths = "mount_paths = [\"/a\"]\n";
  const std::string v3 = "backends = [\"nfs\", \"mountd\"]\nprograms = [\"nfs:3\", \"mountd\"]\n";
  CHECK(warnings(with(v3 + paths)).empty());
  check_one(warnings(with("backends = [\"nfs\", \"mountd\"]\n" + paths)), "29:15", "which NFSv4 does without");
  check_one(warnings(with("backends = [\"nfs\"]\nprograms = [\"nfs:3\"]\n" + paths)), "30:15",
            "guest \"web1\" reaches no mountd");
  check_one(warnings(with(v3, paths)), "32:15", "which NFSv4 does without");  // build1
  CHECK(warnings(with(v3 + "mount_paths = []")).empty());
}

TEST_CASE("a guest's name has no slash: it ends where the owner of a client begins [T3]") {
  check_one(errors(kBase + "[[guest]]\nname = \"a/b\"\ncid = 42\n"), "26:8", "write 1 to 255 letters, digits");
}

TEST_CASE("the secret is a file with an absolute path [T3]") {
  CHECK(good("").gateway.secret.empty());
  CHECK(good("[gateway]\nsecret = \"/s\"").gateway.secret == "/s");
  for (const char* bad : {"s", "", "./s"})
    check_one(errors("[gateway]\nsecret = \"" + std::string(bad) + "\""), "2:10", "write the absolute path of a file");
}

TEST_CASE("what the gateway does not look into may not get around a read-only guest or bound handles [P9]") {
  const std::string with_v2 =
      "backends = [\"old\"]\n[[backend]]\nname = \"old\"\naddress = \"tcp:127.0.0.1:2050\"\nprograms = [\"nfs:2-4\"]\n";
  check_one(errors(with("ro = true\n" + with_v2)), "28:6", "may use NFS version 2");
  check_one(errors(with("filehandles = \"bound\"\n" + with_v2)), "28:15", "may use NFS version 2");
  CHECK(errors(with("ro = true\nprograms = [\"nfs:3-4\"]\n" + with_v2)).empty());
  CHECK(errors(with(with_v2)).empty());
  const std::string with_locks =
      "backends = [\"lockd\"]\n[[backend]]\nname = \"lockd\"\naddress = \"tcp:127.0.0.1:2050\"\nprograms = "
      "[\"nlockmgr:4\"]\n";
  check_one(errors(with("filehandles = \"bound\"\n" + with_locks)), "28:15", "nlockmgr");
  CHECK(errors(with("ro = true\n" + with_locks)).empty());
}
