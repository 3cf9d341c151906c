// load(): files, drop-ins, and who may have written them.
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/folder.h"
#include "tests/unit/proxy/config/fixture.h"

using namespace gatehouse;
using namespace gatehouse::test;
namespace fs = std::filesystem;

namespace {

// Where a configuration lies, with its drop-ins.
struct ConfigFolder : Folder {
  ConfigFolder() {
    fs::create_directory(path / "conf.d");
    fs::permissions(path / "conf.d", fs::perms{0755});
  }
};

std::string first_error(const fs::path& file) {
  const auto c = config::load(file);
  return c ? "" : c.error().front().str();
}

}  // namespace

TEST_CASE("drop-ins are read in the order of their names, the later one wins, other keys stay [L1]") {
  const ConfigFolder d;
  const auto file = d.write("g.conf", "[defaults]\nanonuid = 5\nanongid = 6\n" + kBase);
  d.write("conf.d/20-b.conf", "[defaults]\nanonuid = 2002\n[gateway]\nworkers = 2\n");
  d.write("conf.d/10-a.conf", "[defaults]\nanonuid = 1001\nanongid = 1002\n");
  const auto c = config::load(file);
  REQUIRE(c);
  CHECK(guest(*c, "build1").ids.anonuid == 2002);
  CHECK(guest(*c, "build1").ids.anongid == 1002);
  CHECK(c->gateway.workers == 2);
}

TEST_CASE("tables within tables merge key by key, lists of values are replaced [L1]") {
  const ConfigFolder d;
  const auto file =
      d.write("g.conf", kBase + "[defaults]\nsec = [\"sys\", \"krb5\"]\nlimits = { connections = 1, in_flight = 2 }\n");
  d.write("conf.d/1.conf", "[defaults]\nsec = [\"sys\"]\nlimits = { in_flight = 3 }\n");
  const auto c = config::load(file);
  REQUIRE(c);
  CHECK(guest(*c, "build1").limits.connections == 1);
  CHECK(guest(*c, "build1").limits.in_flight == 3);
  CHECK(guest(*c, "build1").sec == policy::SecSet{policy::Sec::sys});
}

TEST_CASE("guests, listeners and backends of drop-ins are added [L2]") {
  const ConfigFolder d;
  const auto file = d.write("g.conf", kBase);
  d.write("conf.d/web1.conf",
          kGuest +
              "backends = [\"extra\"]\n[[backend]]\nname = \"extra\"\naddress = \"unix:/e\"\nprograms = [\"nlm:4\"]\n");
  const auto c = config::load(file);
  REQUIRE(c);
  CHECK(c->guests.size() == 2);
  CHECK(guest(*c, "web1").programs[0].backend == 3);
}

TEST_CASE("a drop-in for a guest cannot grant it trust unless the list names it [T2]") {
  const ConfigFolder d;
  const auto file = d.write("g.conf", kBase);
  const auto drop_in = d.write("conf.d/web1.conf", kGuest + "trusted = true\n");
  CHECK(first_error(file).find(drop_in.string() + ":4:11: guest \"web1\" says trusted = true") == 0);
}

TEST_CASE("errors of all files are found, in the order of the files, with their names [T6]") {
  const ConfigFolder d;
  const auto file = d.write("g.conf", "[gateway]\nworkers = \"x\"\n");
  const auto a = d.write("conf.d/a.conf", "\n[defaults]\nsquosh = 1\n");
  const auto b = d.write("conf.d/b.conf", "[defaults]\nsecure = 1\n");
  const auto c = config::load(file);
  REQUIRE_FALSE(c);
  REQUIRE(c.error().size() == 3);
  CHECK(c.error()[0].str().find(file.string() + ":2:11: ") == 0);
  CHECK(c.error()[1].str().find(a.string() + ":3:1: ") == 0);
  CHECK(c.error()[2].str().find(b.string() + ":2:10: ") == 0);
}

TEST_CASE("what does not end in .conf, and hidden files, are not read [T6]") {
  const ConfigFolder d;
  const auto file = d.write("g.conf", "");
  d.write("conf.d/notes.txt", "= not toml");
  d.write("conf.d/x.conf~", "= not toml");
  d.write("conf.d/.x.conf", "= not toml");
  CHECK(config::load(file));
}

TEST_CASE("a file that is not there, or no file, is an error that names it") {
  const ConfigFolder d;
  CHECK(first_error(d.path / "missing.conf")
            .find((d.path / "missing.conf").string() + ": cannot be opened: No such file") == 0);
  CHECK(first_error(d.path / "conf.d").find("is no regular file") != std::string::npos);
  const auto file = d.write("g.conf", "");
  fs::create_directory(d.path / "conf.d" / "x.conf");
  CHECK(first_error(file).find("x.conf: is no regular file") != std::string::npos);
}

TEST_CASE("a file or folder that everybody can write to is an error [L7]") {
  const ConfigFolder d;
  const auto file = d.write("g.conf", "", 0646);
  CHECK(first_error(file).find("g.conf: can be written by everybody: chmod o-w it") != std::string::npos);
  ::chmod(file.c_str(), 0644);
  CHECK(first_error(file).empty());
  const auto drop_in = d.write("conf.d/1.conf", "", 0666);
  CHECK(first_error(file).find("1.conf: can be written by everybody") != std::string::npos);
  fs::remove(drop_in);
  ::chmod((d.path / "conf.d").c_str(), 01777);
  CHECK(first_error(file).find("conf.d: can be written by everybody") != std::string::npos);
}

TEST_CASE("a file that is neither root's nor the running user's is an error [L7]") {
  // Only root can give a file away; another user sees that root's own are good.
  const ConfigFolder d;
  const auto file = d.write("g.conf", "");
  if (::geteuid() == 0) {
    REQUIRE(::chown(file.c_str(), 65534, 65534) == 0);
    CHECK(first_error(file).find("g.conf: belongs to uid 65534") != std::string::npos);
    REQUIRE(::chown(file.c_str(), 0, 0) == 0);
    REQUIRE(::chown((d.path / "conf.d").c_str(), 65534, 65534) == 0);
    CHECK(first_error(file).find("conf.d: belongs to uid 65534") != std::string::npos);
  } else {
    CHECK(first_error("/etc/passwd").find("belongs to uid") == std::string::npos);
  }
}

TEST_CASE("a file larger than any configuration is refused") {
  const ConfigFolder d;
  const auto file = d.write("g.conf", std::string(config::kMaxFileBytes + 1, '#'));
  CHECK(first_error(file).find("is larger than") != std::string::npos);
}
