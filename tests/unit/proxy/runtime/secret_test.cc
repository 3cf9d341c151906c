#include "proxy/runtime/secret.h"

#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <thread>

#include "tests/support/folder.h"

using namespace gatehouse;
using namespace gatehouse::test;
using runtime::load_secret;
using runtime::Secret;
using runtime::secret_path;
namespace fs = std::filesystem;

namespace {

std::string text_of(const Secret& s) {
  return {s.bytes().begin(), s.bytes().end()};
}

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string error_of(const fs::path& file, bool stated) {
  const auto s = load_secret({file, stated});
  return s ? "" : s.error();
}

// That the file is refused, stated or not, with these words and its name.
void check_refused(const fs::path& file, const std::string& words) {
  for (const bool stated : {false, true}) {
    const std::string error = error_of(file, stated);
    CAPTURE(error, words, stated);
    CHECK(error.find(words) != std::string::npos);
    CHECK(error.find(file.string()) != std::string::npos);
  }
}

const std::string kGood(32, 's');

}  // namespace

TEST_CASE("a secret that is there is read as it is, of 32 to 4096 bytes [T3]") {
  const Folder d;
  for (const std::size_t size : {32U, 33U, 4096U}) {
    const std::string text(size, static_cast<char>('a' + size % 7));
    const auto s = load_secret({d.write("secret", text, 0600), true});
    REQUIRE(s);
    CHECK(text_of(*s) == text);
    CHECK(s->origin == Secret::Origin::file);
    CHECK_FALSE(s->ephemeral());
  }
  CHECK(load_secret({d.write("read-only", kGood, 0400), true}));
}

TEST_CASE("a secret that is not there is made once, of random bytes, for its owner alone [T3]") {
  const Folder d;
  const fs::path file = d.path / "state" / "secret";
  const auto made = load_secret({file, true});
  REQUIRE(made);
  CHECK(made->origin == Secret::Origin::made);
  CHECK(made->bytes().size() == 32);
  CHECK(std::ranges::count(made->bytes(), made->bytes().front()) < 32);
  CHECK(fs::status(file).permissions() == fs::perms{0600});
  CHECK(fs::status(file.parent_path()).permissions() == fs::perms{0700});
  CHECK(read(file) == text_of(*made));
  const auto again = load_secret({file, true});
  REQUIRE(again);
  CHECK(again->origin == Secret::Origin::file);
  CHECK(text_of(*again) == text_of(*made));
  CHECK(std::distance(fs::directory_iterator(file.parent_path()), {}) == 1);
  const auto other = load_secret({d.path / "other", true});
  REQUIRE(other);
  CHECK(text_of(*other) != text_of(*made));
}

TEST_CASE("several that make a secret at a time end with the same [T3]") {
  const Folder d;
  std::array<std::string, 8> got;
  {
    std::vector<std::jthread> threads;
    for (std::string& s : got)
      threads.emplace_back([&] { s = text_of(load_secret({d.path / "state" / "secret", true}).value()); });
  }
  CHECK(std::ranges::count(got, got[0]) == 8);
  CHECK(got[0].size() == 32);
}

TEST_CASE("a secret that others can read or write is an error, whoever stated it [T3]") {
  const Folder d;
  for (const mode_t mode : {0640U, 0620U, 0604U, 0602U, 0610U, 0601U})
    check_refused(d.write("secret", kGood, mode), "is open to its group or to everybody: chmod 600 it");
}

TEST_CASE("a secret that belongs to another user is an error [T3]") {
  if (::geteuid() != 0) return;  // none else may give a file away
  const Folder d;
  const fs::path file = d.write("secret", kGood, 0600);
  REQUIRE(::chown(file.c_str(), 4242, 0) == 0);
  check_refused(file, "belongs to uid 4242");
}

TEST_CASE("a secret that is too short or too long is an error [T3]") {
  const Folder d;
  check_refused(d.write("secret", "", 0600), "has 0 bytes, not 32 to 4096");
  check_refused(d.write("secret", std::string(31, 's'), 0600), "has 31 bytes");
  check_refused(d.write("secret", std::string(4097, 's'), 0600), "has 4097 bytes");
}

TEST_CASE("what is no regular file is no secret, and nobody waits for it [T3]") {
  const Folder d;
  check_refused(d.path, "is no regular file");
  REQUIRE(::mkfifo((d.path / "pipe").c_str(), 0600) == 0);
  check_refused(d.path / "pipe", "is no regular file");
  check_refused("/dev/zero", "is no regular file");
  check_refused(d.write("file", kGood, 0600) / "secret", "cannot be opened: Not a directory");
  fs::create_symlink(d.path / "nowhere", d.path / "link");
  check_refused(d.path / "link", "is a link to nothing");
}

TEST_CASE(
    "where no secret is and none can be made, a stated path is an error, another a secret of this run alone [T3]") {
  const fs::path none = "/proc/gatehouse/secret";  // nobody makes directories there
  const std::string error = error_of(none, true);
  CHECK(error.find("the secret file /proc/gatehouse/secret is not there, and /proc/gatehouse cannot be made") == 0);
  const auto s = load_secret({none, false});
  const auto other = load_secret({none, false});
  REQUIRE((s && other));
  CHECK(s->ephemeral());
  CHECK(s->why.find("/proc/gatehouse cannot be made") == 0);
  CHECK(s->bytes().size() == 32);
  CHECK(text_of(*s) != text_of(*other));
  const Folder d;
  CHECK(error_of(d.path / "two" / "missing" / "secret", true).find("cannot be made") != std::string::npos);
}

TEST_CASE("the secret's path is the one stated, or in systemd's directory, or in /var/lib/gatehouse [T3]") {
  const auto path = [](const std::string& stated, const char* directory) {
    const runtime::SecretPath p = secret_path(stated, directory);
    return p.path + (p.stated ? " stated" : "");
  };
  CHECK(path("/s", "/d") == "/s stated");
  CHECK(path("", "/d") == "/d/secret");
  CHECK(path("", "/d:/e") == "/d/secret");
  CHECK(path("", "") == "/var/lib/gatehouse/secret");
  CHECK(path("", nullptr) == "/var/lib/gatehouse/secret");
}
