// Every error of a guest, a section or a value, with its place. Guests' keys begin at line 28.
#include "tests/unit/proxy/config/fixture.h"

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

struct Case {
  std::string text;
  std::string place;
  std::string words;
};

void check_guest(const std::vector<Case>& cases) {
  for (const Case& c : cases) check_one(errors(kBase + kGuest + c.text + "\n"), c.place, c.words);
}
void check_alone(const std::vector<Case>& cases) {
  for (const Case& c : cases) check_one(errors(c.text), c.place, c.words);
}

}  // namespace

TEST_CASE("an unknown key names the nearest known one [T6]") {
  check_guest({{"squosh = 1", "28:1", "did you mean \"squash\"?"},
               {"  anonuids = 1", "28:3", "did you mean \"anonuid\"?"},
               {"limits = { conections = 1 }", "28:12", "did you mean \"connections\"?"},
               {"workers = 1", "28:1", "it is a key of [gateway]"},
               {"zzzzzz = 1", "28:1", "its keys are"}});
  check_alone(
      {{"[gateway]\nworker = 1", "2:1", "did you mean \"workers\"?"},
       {"[defaults]\ncid = 1", "2:1", "it is a key of [[guest]]"},
       {"[gatway]", "1:2", "did you mean \"gateway\"?"},
       {"zebra = 1", "1:1", "sections are"},
       {"[trust]\nallow = []", "2:1", "allowed"},
       {"[[principal]]\nmatch = \"a@R\"\nmap = { uid = 1, gid = 1, group = [] }", "3:27", "did you mean \"groups\"?"}});
}

TEST_CASE("a value of a wrong type is an error, nothing is converted [T6]") {
  check_guest({{"secure = \"true\"", "28:10", "true or false, without quotes"},
               {"secure = 1", "28:10", "an integer"},
               {"trusted = \"yes\"", "28:11", "trusted"},
               {"anonuid = \"65534\"", "28:11", "an integer, without quotes"},
               {"anonuid = 1.0", "28:11", "a fraction"},
               {"squash = true", "28:10", "a string in quotes"},
               {"squash = [\"root\"]", "28:10", "a list"},
               {"sec = \"sys\"", "28:7", "a list of strings"},
               {"sec = [1]", "28:8", "a list of strings"},
               {"uuid = 1979-05-27", "28:8", "a date, a time"},
               {"sec_by_program = [\"sys\"]", "28:18", "a table of program = flavors"},
               {"sec_by_program = { nfs = \"sys\" }", "28:26", "a table of program = flavors"},
               {"limits = 5", "28:10", "a table"},
               {"limits = { record_bytes = true }", "28:27", "a size with its unit"},
               {"limits = { connections = \"64\" }", "28:26", "an integer, without quotes"},
               {"backends = \"nfs\"", "28:12", "a list of strings"},
               {"source_address = 5", "28:18", "a string in quotes"}});
  check_alone({{"[gateway]\nidle_timeout = 360", "2:16", "a time with its unit"},
               {"[[backend]]\nname = \"x\"\naddress = \"unix:/x\"\nprograms = [\"nfs:3\"]\nproxy_protocol = \"no\"",
                "5:18", "true or false"},
               {"gateway = 5", "1:11", "[gateway]"},
               {"guest = 5", "1:9", "[[guest]]"},
               {"guest = [1]", "1:9", "[[guest]]"},
               {"[guest]\nname = \"x\"", "1:1", "write [[guest]]"},
               {"[[gateway]]", "1:1", "write [gateway]"},
               {"[[principal]]\nmatch = \"a@R\"\nmap = 5", "3:7", "a local account"},
               {"[[principal]]\nmatch = \"a@R\"\nmap = { uid = 1, gid = 1, groups = [\"x\"] }", "3:37", "integers"}});
}

TEST_CASE("numbers, times and sizes out of bounds say the bounds [T6]") {
  check_guest({{"anonuid = -1", "28:11", "0 to 4294967294"},
               {"anongid = 4294967295", "28:11", "0 to 4294967294"},
               {"limits = { connections = 0 }", "28:26", "1 to 1000000"},
               {"limits = { in_flight = -5 }", "28:24", "1 to 1000000"},
               {"limits = { record_bytes = \"1025MiB\" }", "28:27", "1B to 1GiB"},
               {"limits = { record_bytes = 0 }", "28:27", "1B to 1GiB"},
               {"limits = { record_bytes = \"2 MiB\" }", "28:27", "a size with its unit"},
               {"limits = { record_bytes = \"2MB\" }", "28:27", "a size with its unit"},
               {"limits = { buffered_bytes = \"99999999999999999999B\" }", "28:29", "a size with its unit"},
               {"limits = { fragments = 0 }", "28:24", "1 to 1000000"},
               {"limits = { log_lines = 0 }", "28:24", "1 to 1000000"},
               {"limits = { audit_lines = 0 }", "28:26", "1 to 1000000"},
               {"limits = { contexts = 0 }", "28:23", "1 to 1000000"},
               {"limits = { nascent_contexts = 0 }", "28:31", "1 to 1000000"},
               {"limits = { inits_per_second = 1000001 }", "28:31", "1 to 1000000"},
               {"limits = { gss_request_bytes = 0 }", "28:32", "1B to 1TiB"},
               {"limits = { gss_reply_bytes = \"2TiB\" }", "28:30", "1B to 1TiB"}});
  check_alone({{"[gateway]\nworkers = 1025", "2:11", "0 to 1024"},
               {"[gateway]\nidle_timeout = \"0s\"", "2:16", "100ms to 365d"},
               {"[gateway]\nrecord_timeout = \"2h\"", "2:18", "100ms to 1h"},
               {"[gateway]\nrecord_timeout = \"30\"", "2:18", "a time with its unit"},
               {"[gateway]\nrecord_timeout = \"30 s\"", "2:18", "a time with its unit"},
               {"[gateway]\nrecord_timeout = \"-30s\"", "2:18", "a time with its unit"}});
}

TEST_CASE("words that mean nothing are errors with the words there are [T6]") {
  check_guest({{"squash = \"most\"", "28:10", "write one of \"none\", \"root\", \"all\""},
               {"insecure_action = \"drop\"", "28:19", "\"reject\", \"squash\""},
               {"groups = \"all\"", "28:10", "\"first16\", \"primary\", \"reject\""},
               {"sec = [\"sys\", \"sis\"]", "28:15", "\"sis\" is no security flavor"},
               {"sec = []", "28:7", "sec is empty"},
               {"sec_by_program = { nfs = [] }", "28:26", "is empty"},
               {"sec_by_program = { nfsd = [\"sys\"] }", "28:20", "\"nfsd\" is no program"},
               {"sec_by_program = { nfs = [\"sys\"], 100003 = [\"sys\"] }", "28:35", "already"},
               {"uuid = \"123\"", "28:8", "8-4-4-4-12"},
               {"source_address = \"host\"", "28:18", "no IPv4 address"}});
  check_alone({{"[kerberos]\nacceptor = \"gss\"", "2:12", "\"keytab\", \"gssproxy\""},
               {"[kerberos]\nservice = \"\"", "2:11", "service is \"\": write the part of the principal"},
               {"[admin]\nsocket = \"run/x\"", "2:10", "absolute path"},
               {"[admin]\nsocket = \"/" + std::string(107, 'x') + "\"", "2:10", "at most 107 bytes"},
               {"[admin]\nsocket = \"/a\\u0000b\"", "2:10", "absolute path"},
               {"[admin]\ngroup = \"no-such-group\"", "2:9", "there is no such group on this host: make it (groupadd)"},
               {"[admin]\nread_group = \"root\\u0000x\"", "2:14", "write the name of a group"},
               {"[admin]\ngroup = 0", "2:9", "a string in quotes"},
               {"[audit]\nlog = \"syslog\"", "2:7", "write \"journal\", \"none\" or the absolute path"},
               {"[audit]\nlog = \"\"", "2:7", "absolute path"},
               {"[audit]\nlog = true", "2:7", "a string"},
               {"[audit]\nfile = \"/a\"", "2:1", "log"},
               {"[admin]\nhttp = \"9464\"", "2:8", "needs an address and a port"},
               {"[admin]\nhttp = \"localhost:9464\"", "2:8", "names are not looked up"},
               {"[admin]\nhttp = \"0.0.0.0:9464\"", "2:8", "or state http_open = true"},
               {"[admin]\nhttp = \"[::]:9464\"", "2:8", "is not loopback"},
               {"[admin]\nhttp = \"[fe80::1%tap0]:9464\"", "2:8", "is not loopback"},
               {"[admin]\nhttp = \"unix:run/x\"", "2:8", "needs an absolute path"},
               {"[admin]\nhttp = \"vsock:any:1\"", "2:8", "no numeric address"},
               {"[admin]\nhttp_open = \"true\"", "2:13", "without quotes"},
               {"[[principal]]\nmatch = \"\"\nmap = \"x\"", "2:9", "match is empty"},
               {"[[principal]]\nmatch = \"x@R\"\nmap = \"\"", "3:7", "map is empty"}});
}

TEST_CASE("what [kerberos] cannot mean is an error at its value [T6, G4]") {
  const auto kerberos = [](const std::string& line) { return "[kerberos]\n" + line; };
  check_alone({{kerberos("keytab = \"krb5.keytab\""), "2:10", "write an absolute path"},
               {kerberos("keytab = \"FILE:/etc/krb5.keytab\""), "2:10", "write an absolute path"},
               {kerberos("keytab = \"\""), "2:10", "leave the key out for its default"},
               {kerberos("keytab = \"/a\\u0000b\""), "2:10", "no path holds the character"},
               {kerberos("gssproxy_socket = \"run/g.sock\""), "2:19", "write an absolute path"},
               {kerberos("gssproxy_socket = \"\""), "2:19", "leave the key out"},
               {kerberos("gssproxy_socket = \"/" + std::string(107, 'x') + "\""), "2:19", "longer than 107 bytes"},
               {kerberos("replay_cache = \"rcache\""), "2:16", "or \"\" for libkrb5's own place"},
               {kerberos("service = \"nfs/host\""), "2:11", "before the slash"},
               {kerberos("service = \"*\""), "2:11", "before the slash"},
               {kerberos("service = \"" + std::string(65, 'x') + "\""), "2:11", "before the slash"},
               {kerberos("sequence_window = 31"), "2:19", "32 to 65536"},
               {kerberos("sequence_window = 65537"), "2:19", "32 to 65536"},
               {kerberos("accept_timeout = \"99ms\""), "2:18", "100ms to 1h"},
               {kerberos("accept_timeout = 10"), "2:18", "a time with its unit"},
               {kerberos("id_cache = \"0s\""), "2:12", "1s to 365d"},
               {kerberos("context_lifetime = \"0s\""), "2:20", "1s to 365d"},
               {kerberos("replay_caches = \"\""), "2:1", "did you mean \"replay_cache\"?"}});
  CHECK(errors(kerberos("gssproxy_socket = \"/" + std::string(106, 'x') + "\"\nsequence_window = 32")).empty());
  CHECK(errors(kerberos("service = \"" + std::string(64, 'x') + "\"\nsequence_window = 65536")).empty());
}

TEST_CASE("patterns that no principal can match are errors [T6]") {
  const auto rule = [](const std::string& match, const std::string& map) {
    return "[[principal]]\nmatch = \"" + match + "\"\nmap = " + map;
  };
  check_alone({{rule("alice", "\"alice\""), "2:9", "\"alice\" in match can match nobody: a principal has a realm"},
               {rule("host/a.example.com", "\"nobody\""), "2:9", "\"alice@EXAMPLE.COM\" or \"alice@*\""},
               {rule("a\\u0007@R", "\"alice\""), "2:9", "no principal shows control characters"},
               {rule("a@R", "\"al:ice\""), "3:7", "no account has such a name"},
               {rule("a@R", "\"al\\nice\""), "3:7", "no account has such a name"},
               {rule("a@R", "{ uid = 4294967295, gid = 1 }"), "3:15", "0 to 4294967294"},
               {rule("a@R", "{ uid = 1, gid = 1, groups = [4294967295] }"), "3:37", "0 to 4294967294"}});
  check_guest({{"principals = [\"*@R\", \"alice\"]", "28:22", "\"alice\" in principals can match nobody"},
               {"principals = [\"\"]", "28:15", "principals is empty: write a principal"},
               {"principals = \"*@R\"", "28:14", "a list of strings"}});
  check_alone({{"[defaults]\nprincipals = [\"alice\"]", "2:15", "can match nobody"}});
  for (const char* match : {"*", "host/*", "alice@*", "*$@AD.EXAMPLE.COM", "a b@R", "DOM\\\\x@R"})
    CHECK(errors(rule(match, "\"DOM\\\\nobody\"")).empty());
}

TEST_CASE(
    "Kerberos budgets below record_bytes are an error that names both, where krb5i or krb5p is listed [L6, P15]") {
  const auto limits = [](const std::string& text) { return "limits = { " + text + " }"; };
  check_guest({{limits("gss_request_bytes = \"1MiB\""), "28:32",
                "limits of guest \"web1\": gss_request_bytes = \"1MiB\" is below record_bytes = \"2MiB\""},
               {limits("gss_reply_bytes = \"2097151B\""), "28:30",
                "raise gss_reply_bytes, lower record_bytes, or leave krb5i and krb5p out of sec"},
               {limits("gss_reply_bytes = \"1MiB\"") + "\nsec = [\"krb5i\"]", "28:30", "below record_bytes"},
               {limits("gss_reply_bytes = \"1MiB\"") + "\nsec = [\"sys\"]\nsec_by_program = { nfs = [\"krb5p\"] }",
                "28:30", "below record_bytes"}});
  // What [defaults] has falls on each guest.
  const auto inherited = errors(kBase + kGuest + limits("record_bytes = \"3MiB\"") +
                                "\n[defaults.limits]\ngss_request_bytes = \"1MiB\"\n");
  REQUIRE(inherited.size() == 2);
  CHECK(inherited[0].find("30:21 limits of guest \"build1\": gss_request_bytes = \"1MiB\"") == 0);
  CHECK(inherited[1].find("guest \"web1\": gss_request_bytes = \"1MiB\" is below record_bytes = \"3MiB\"") !=
        std::string::npos);
  // Where no budget is written, record_bytes is what to change, for both of them.
  const auto both = errors(kBase + kGuest + limits("buffered_bytes = \"1GiB\", record_bytes = \"64MiB\"") + "\n");
  REQUIRE(both.size() == 2);
  CHECK(both[0].substr(0, 6) == "28:52 ");
  CHECK(both[0].find("gss_request_bytes = \"32MiB\" is below record_bytes = \"64MiB\"") != std::string::npos);
  CHECK(both[1].find("gss_reply_bytes = \"32MiB\"") != std::string::npos);
  for (const char* sec :
       {"sec = [\"sys\"]", "sec = [\"sys\", \"krb5\"]", "sec = [\"krb5\"]\nsec_by_program = { nfs = [\"sys\"] }"})
    CHECK(errors(kBase + kGuest + limits("gss_reply_bytes = 1, gss_request_bytes = 1") + '\n' + sec + '\n').empty());
  CHECK(errors(kBase + kGuest + limits("gss_reply_bytes = \"2MiB\", gss_request_bytes = \"2MiB\"") + '\n').empty());
  CHECK(errors("[defaults.limits]\ngss_reply_bytes = 1\n").empty());
}

TEST_CASE("what is missing is said at the table that misses it [T6]") {
  check_alone({{"[[listener]]\naddress = \"unix:/x\"", "1:1", "[[listener]] needs name"},
               {"\n[[listener]]\nname = \"x\"", "2:1", "[[listener]] needs address"},
               {"[[backend]]\nname = \"x\"\naddress = \"unix:/x\"", "1:1", "[[backend]] needs programs"},
               {"[[backend]]\nname = \"x\"\naddress = \"unix:/x\"\nprograms = []", "4:12", "programs is empty"},
               {"[[principal]]\nmap = \"x\"", "1:1", "[[principal]] needs match"},
               {"[[principal]]\nmatch = \"x@R\"\nmap = { uid = 1 }", "3:7", "needs gid"}});
  check_one(errors(kBase + "[[guest]]\ncid = 42\n"), "25:1", "[[guest]] needs name");
}

TEST_CASE("addresses that are none are errors at the address [V1, A2]") {
  check_alone(
      {{"[[listener]]\nname = \"x\"\naddress = \"tcp:0.0.0.0:2049\"", "3:11", "pose as a guest"},
       {"[[listener]]\nname = \"x\"\naddress = \"vsock:any:0\"", "3:11", "no vsock port"},
       {"[[backend]]\nname = \"x\"\naddress = \"vsock:any:1\"\nprograms = [\"nfs:4\"]", "3:11", "names no machine"},
       {"[[backend]]\nname = \"x\"\naddress = \"tcp:[::1]:2049\"\nprograms = [\"nfs:4\"]", "3:11", "IPv4"},
       {"[[listener]]\nname = \"x\"\naddress = \"unix:/x\"\nmode = \"0999\"", "4:8", "octal"},
       {"[[listener]]\nname = \"x\"\naddress = \"unix:/x\"\nmode = \"1777\"", "4:8", "out of bounds"},
       {"[[listener]]\nname = \"x\"\naddress = \"unix:/x\"\nmode = 0o660", "4:8", "octal mode in quotes"},
       {"[[listener]]\nname = \"x\"\naddress = \"unix:/x\"\ngroup = 100", "4:9", "a string in quotes"}});
}

TEST_CASE("a backend that is the gateway's own listener would go round in circles") {
  check_one(errors(kBase + "[[backend]]\nname = \"x\"\naddress = \"unix:/run/u.sock\"\nprograms = [\"nfs:4\"]\n"),
            "27:11", "listener \"u\"");
}

TEST_CASE("a vsock backend that leads back to this host's own vsock listener would go round in circles [V9]") {
  const auto with = [](const char* listen, const char* backend) {
    return std::string("[[listener]]\nname = \"v\"\naddress = \"") + listen +
           "\"\n[[backend]]\nname = \"x\"\naddress = \"" + backend + "\"\nprograms = [\"nfs:4\"]\n";
  };
  for (const char* own : {"vsock:1:2049", "vsock:2:2049"}) {
    CAPTURE(own);
    check_one(errors(with("vsock:any:2049", own)), "6:11", "listener \"v\"");
    check_one(errors(with("vsock:2:2049", own)), "6:11", "listener \"v\"");
  }
  CHECK(good(with("vsock:any:2049", "vsock:42:2049")).backends.size() == 1);
  CHECK(good(with("vsock:any:2049", "vsock:1:2050")).backends.size() == 1);
}

TEST_CASE("programs of a backend need versions, each of them once [L5]") {
  const auto with = [](const std::string& programs) {
    return "[[backend]]\nname = \"x\"\naddress = \"unix:/x\"\nprograms = [" + programs + "]";
  };
  check_alone({{with("\"nfs\""), "4:13", "PROGRAM:VERSION"},
               {with("\"nfs:4-3\""), "4:13", "PROGRAM:VERSION"},
               {with("\"nfs:x\""), "4:13", "PROGRAM:VERSION"},
               {with("\"nfs:3-\""), "4:13", "PROGRAM:VERSION"},
               {with("\"nfsd:3\""), "4:13", "PROGRAM:VERSION"},
               {with("\"nfs:3/null\""), "4:13", "PROGRAM:VERSION"},
               {with("\"nfs:3-4\", \"100003:4\""), "4:24", "overlaps nfs versions 3 to 4"}});
}

TEST_CASE("two of one name are an error at the second [T6]") {
  check_one(errors(kBase + "[[listener]]\nname = \"v\"\naddress = \"unix:/x\"\n"), "26:8",
            "listener \"v\" already, at f:2:8");
  check_one(errors(kBase + "[[backend]]\nname = \"nfs\"\naddress = \"unix:/x\"\nprograms = [\"nlm:4\"]\n"), "26:8",
            "backend \"nfs\" already");
  check_one(errors(kBase + "[[guest]]\nname = \"build1\"\ncid = 42\n"), "26:8", "guest \"build1\" already, at f:22:8");
  check_one(errors(kBase + "[[listener]]\nname = \"w\"\naddress = \"vsock:any:2049\"\n"), "27:11",
            "listener \"v\" has this address");
}

TEST_CASE("names have no blanks, quotes or control characters") {
  for (const char* name : {"", "a b", "a\\\"b", "a\\nb", "\\u00e9"}) {
    CAPTURE(name);
    check_one(errors(kBase + "[[guest]]\nname = \"" + name + "\"\ncid = 42\n"), "26:8", "write 1 to 255 letters");
  }
  check_one(errors(kBase + "[[guest]]\nname = \"" + std::string(256, 'x') + "\"\ncid = 42\n"), "26:8",
            "write 1 to 255 letters");
  CHECK(errors(kBase + "[[guest]]\nname = \"" + std::string(255, 'x') + "\"\ncid = 42\n").empty());
}

TEST_CASE("a name that nobody has is an error with the nearest one [L2]") {
  check_guest({{"backends = [\"nfs\", \"nsf\"]", "28:20", "did you mean \"nfs\"?"},
               {"backends = [\"quite-another\"]", "28:13", "write the name of a [[backend]]"},
               {"backends = [\"nfs\", \"nfs\"]", "28:20", "listed twice"},
               {"listener = \"w\"", "28:12", "there is no listener \"w\""}});
  check_one(errors(kBase + "[[guest]]\nname = \"x\"\nlistener = \"nobodys\"\n"), "27:12",
            "there is no listener \"nobodys\"");
}

TEST_CASE("text that is no TOML is an error with its place [T6]") {
  check_alone({{"[gateway]\nworkers = = 1", "2:11", "this is not TOML"},
               {"[gateway]\nworkers = 1\nworkers = 2", "3:11", "this is not TOML"},
               {"x = \"", "1:6", "this is not TOML"}});
}

TEST_CASE("nesting without end is an error, by brackets and by dots [L10]") {
  std::string dotted = "a", brackets, opening;
  for (int i = 0; i < 100000; ++i) dotted += ".a";
  for (int i = 0; i < 120; ++i)
    opening += "{a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a=[\n", brackets += "]}";
  check_alone({{"\n" + dotted + " = 1", "2:1", "more than 32 dots"},
               {"[" + dotted + "]", "1:1", "more than 32 dots"},
               {"x = " + std::string(300, '[') + std::string(300, ']'), "1:261", "exceeded maximum nested value depth"},
               {"x = " + opening + brackets, "1:1", "there is no section \"x\""},
               {"[gateway]\nworkers = " + opening + brackets, "2:11", "a table"}});
  CHECK(errors("# " + dotted).empty());
  // Dots inside strings are nobody's keys.
  std::string names = "\"a.b\"";
  for (int i = 0; i < 50; ++i) names += ", \"web" + std::to_string(i) + ".example.com\"";
  for (const auto& e : errors("[trust]\nallowed = [" + names + "]")) CHECK(e.find("dots") == std::string::npos);
}

TEST_CASE("all errors are found, in the order of their lines, each once [T6]") {
  const auto found = errors(
      kBase + kGuest +
      "squosh = 1\nsecure = \"true\"\nbackends = [\"nsf\"]\n[gateway]\nworkers = -1\n[defaults]\nsquash = \"rot\"\n");
  REQUIRE(found.size() == 5);
  CHECK(found[0].substr(0, 5) == "28:1 ");
  CHECK(found[1].substr(0, 6) == "29:10 ");
  CHECK(found[2].substr(0, 6) == "30:13 ");
  CHECK(found[3].substr(0, 6) == "32:11 ");
  CHECK(found[4].substr(0, 6) == "34:10 ");
}

TEST_CASE("a fault of [defaults] is found while no guest inherits it [T6]") {
  check_alone({{"[defaults]\nsquash = \"rot\"", "2:10", "write one of"},
               {"[defaults]\nuid_map = [\"x\"]", "2:12", "no range of ids"},
               {"[defaults]\nbackends = [\"x\"]", "2:13", "there is no backend"},
               {"[defaults]\nlimits = { connections = 0 }", "2:26", "out of bounds"}});
}

TEST_CASE("a problem is shown with control characters escaped") {
  CHECK(config::Problem{"f", 3, 4, "a\nb\x1b"}.str() == "f:3:4: a\\u000Ab\\u001B");
  CHECK(config::Problem{"f", 0, 0, "gone"}.str() == "f: gone");
}
