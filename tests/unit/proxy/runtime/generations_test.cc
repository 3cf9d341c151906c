// Names of guests that went, in a file.
#include "proxy/runtime/generations.h"

#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/folder.h"

using gatehouse::runtime::Generations;

namespace {

void write(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}
std::string read(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

}  // namespace

TEST_CASE("names that went are known to the next process [T3]") {
  const gatehouse::test::Folder folder;
  const std::string path = folder.path / "generations";
  {
    auto g = Generations::load(path);
    REQUIRE(g);
    CHECK(g->of("web1") == 0);
    const std::vector<std::string> names{"web2", "web1"}, again{"web1"};
    REQUIRE(g->raise(names));
    REQUIRE(g->raise(again));
    CHECK(g->of("web1") == 2);
  }
  CHECK(read(path) == "2 web1\n1 web2\n");
  const auto g = Generations::load(path);
  REQUIRE(g);
  CHECK(g->of("web1") == 2);
  CHECK(g->of("web2") == 1);
  CHECK(g->of("web3") == 0);
}

TEST_CASE("a file that was damaged, or that others can write, is an error with its line, not fewer names [T3]") {
  const gatehouse::test::Folder folder;
  const std::string path = folder.path / "generations";
  for (const char* text : {"1 web1\nweb2\n", "1 web1\n0 web2\n", "1 web1\n1\n", "1 web1\n1 web1\n", "1 web1\n-1 web2\n",
                           "1 web1\n99999999999 web2\n", "1 web1\n\n", "1 web1\n1 \n"}) {
    CAPTURE(text);
    write(path, text);
    const auto g = Generations::load(path);
    REQUIRE_FALSE(g);
    CHECK(g.error().find("generations:2: ") != std::string::npos);
  }
  write(path, "1 web1\n");
  REQUIRE(::chmod(path.c_str(), 0666) == 0);
  CHECK_FALSE(Generations::load(path));
  CHECK_FALSE(Generations::load(folder.path));
}

TEST_CASE("what cannot be written is known to this process, and the error names the file [T3]") {
  const gatehouse::test::Folder folder;
  auto g = Generations::load(folder.path / "none" / "generations");
  REQUIRE(g);
  const std::vector<std::string> names{"web1"};
  const auto raised = g->raise(names);
  REQUIRE_FALSE(raised);
  CHECK(raised.error().find("none/generations") != std::string::npos);
  CHECK(g->of("web1") == 1);
  Generations nowhere;
  CHECK(nowhere.raise(names));
  CHECK(nowhere.of("web1") == 1);
}
