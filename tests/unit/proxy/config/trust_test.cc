// Two keys, and what takes both of them. Guests' keys begin at line 28.
#include "tests/unit/proxy/config/fixture.h"

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

// Everything that takes trust, as lines of a guest or of [defaults], the place in the line and the words.
struct Restricted {
  std::string line;
  std::string column;
  std::string words;
};
const std::vector<Restricted> kRestricted = {
    {"squash = \"none\"", "10", "squash = \"none\""},
    {"secure = false", "10", "secure = false"},
    {"anonuid = 0", "11", "anonuid = 0"},
    {"anongid = 0", "11", "anongid = 0"},
    {"uid_map = [\"1-9:100\", \"1000:0\"]\ngid_map = []", "23", "uid_map with \"1000:0\""},
    {"gid_map = [\"0-9:0\"]", "12", "gid_map with \"0-9:0\""},
    {"sec = [\"sys\", \"none\"]", "15", "\"none\" in sec "},
    {"sec_by_program = { nfs = [\"sys\", \"none\"] }", "34", "\"none\" in sec_by_program.nfs"},
};

}  // namespace

TEST_CASE("trusted = true without the name in [trust] allowed is an error that names the guest [T1, T2]") {
  check_one(errors(kBase + kGuest + "trusted = true\n"), "28:11",
            "guest \"web1\" says trusted = true, but [trust] allowed does not list it");
  CHECK(errors(kBase + "trusted = true\n").empty());
  CHECK(guest(good(kBase + "trusted = true\n"), "build1").trusted);
}

TEST_CASE("the name in [trust] allowed alone does not make a guest trusted [T1, T2]") {
  CHECK_FALSE(guest(good(kBase), "build1").trusted);
  for (const Restricted& r : kRestricted)
    check_one(errors(kBase + r.line + "\n"), "25:" + r.column, "guest \"build1\" is not trusted");
}

TEST_CASE("what takes trust is an error at a guest without it [T1, V5, V7]") {
  for (const Restricted& r : kRestricted) {
    const auto found = errors(kBase + kGuest + r.line + "\n");
    check_one(found, "28:" + r.column, "guest \"web1\" is not trusted");
    check_one(found, "28:" + r.column, r.words);
  }
}

TEST_CASE("a trusted guest may have all of it [T1]") {
  for (const Restricted& r : kRestricted) CHECK(errors(kBase + "trusted = true\n" + r.line + "\n").empty());
}

TEST_CASE(
    "what takes trust in [defaults] is an error for each guest it falls on, not for those that state another value "
    "[T1]") {
  for (const Restricted& r : kRestricted) {
    CAPTURE(r.line);
    const auto found = errors(kBase + "trusted = true\n" + kGuest + "[defaults]\n" + r.line + "\n");
    check_one(found, "26:1", "guest \"web1\" is not trusted");
    check_one(found, "26:1", r.words);
    check_one(found, "26:1", "inherited from [defaults] at f:30:" + r.column);
  }
  CHECK(errors(kBase + "trusted = true\n" + kGuest + "squash = \"root\"\n[defaults]\nsquash = \"none\"\n").empty());
  CHECK(errors(kBase + "trusted = true\n" + kGuest +
               "sec_by_program = { 100003 = [\"sys\"] }\n[defaults]\nsec_by_program = { nfs = [\"none\"] }\n")
            .empty());
  CHECK(errors("[defaults]\nsquash = \"none\"\n").empty());
}

TEST_CASE("trusted = true in [defaults] still takes the other key of each guest [T1, T2]") {
  check_one(errors(kBase + kGuest + "[defaults]\ntrusted = true\n"), "25:1",
            "guest \"web1\" inherits trusted = true from [defaults] at f:29:11");
  CHECK(errors(kBase + kGuest + "trusted = false\n[defaults]\ntrusted = true\n").empty());
}

TEST_CASE("a map that gives id 0 by its first range or any other is found wherever the range begins [T1]") {
  CHECK(errors(kBase + kGuest + "uid_map = [\"0-65535:1\"]\n").empty());
  CHECK(errors(kBase + kGuest + "uid_map = [\"0:0\"]\n").size() == 1);  // uid_map alone: gid_map is the same list
}

TEST_CASE(
    "secure = true is an error for a guest whose listener has no ports, and nothing when it is inherited [V5, A3]") {
  const std::string hybrid = "[[listener]]\nname = \"h\"\naddress = \"hybrid:/run/h:2049\"\n";
  const auto guest_with = [](const std::string& identity) {
    return "[[guest]]\nname = \"x\"\n" + identity + "\nbackends = [\"nfs\"]\n";
  };
  for (const char* identity : {"listener = \"u\"", "listener = \"h\"", "uid = 1000"}) {
    CAPTURE(identity);
    check_one(errors(kBase + hybrid + guest_with(identity) + "secure = true\n"), "32:10", "cannot meet secure = true");
    CHECK(errors(kBase + hybrid + guest_with(identity) + "[defaults]\nsecure = true\n").empty());
    CHECK(errors(kBase + hybrid + guest_with(identity)).empty());
  }
  for (const char* identity : {"listener = \"v\"", "cid = 42"})
    CHECK(errors(kBase + guest_with(identity) + "secure = true\n").empty());
  const std::string systemd = "[[listener]]\nname = \"s\"\naddress = \"systemd:s\"\n";
  CHECK(errors(kBase + systemd + guest_with("listener = \"s\"") + "secure = true\n").empty());
}

TEST_CASE("the host's key may be there before its guest: a warning with its place [T2]") {
  check_one(warnings("[trust]\nallowed = [\"later\"]\n"), "2:12", "there is no guest \"later\"");
}
