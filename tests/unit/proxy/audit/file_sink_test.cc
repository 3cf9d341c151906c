#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "proxy/audit/sink.h"
#include "tests/support/catch.h"
#include "tests/support/folder.h"

using namespace gatehouse;
using namespace gatehouse::audit;
using test::Folder;

namespace {

std::string at(const Folder& folder, const std::string& name) {
  return folder.path / name;
}

bool says(const std::string& error, std::string_view words) {
  INFO(error);
  return error.find(words) != std::string::npos;
}

Line line(std::string json) {
  Line out;
  out.json = std::move(json);
  return out;
}

std::string read(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void write(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

std::string error_of(const std::string& path) {
  const auto opened = open_file(path);
  REQUIRE_FALSE(opened);
  return opened.error();
}

mode_t mode_of(const std::string& path) {
  struct stat st{};
  REQUIRE(::stat(path.c_str(), &st) == 0);
  return st.st_mode & 07777;
}

// No file may grow beyond `bytes` while it lives: what a disk that is full does in the middle of a line, without root.
class Full {
 public:
  explicit Full(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~Full() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, SIG_DFL);
  }
  Full(const Full&) = delete;
  Full& operator=(const Full&) = delete;

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("a file is made with mode 0640 whatever the umask, and lines are appended [L6]") {
  const Folder folder;
  const std::string path = at(folder, "audit.log");
  const mode_t before = ::umask(077);
  auto sink = open_file(path);
  ::umask(before);
  REQUIRE(sink);
  CHECK(mode_of(path) == 0640);
  CHECK((*sink)->write(line("{1}")) == Outcome::written);
  auto second = open_file(path);
  REQUIRE(second);
  CHECK((*second)->write(line("{2}")) == Outcome::written);
  CHECK((*sink)->write(line("{3}")) == Outcome::written);
  CHECK(read(path) == "{1}\n{2}\n{3}\n");
  // One that is there keeps its mode.
  ::chmod(path.c_str(), 0600);
  REQUIRE(open_file(path));
  CHECK(mode_of(path) == 0600);
}

TEST_CASE("what cannot be an audit log is refused, and why [L6]") {
  const Folder folder;
  write(at(folder, "real"), "");
  REQUIRE(::symlink(at(folder, "real").c_str(), at(folder, "link").c_str()) == 0);
  const std::string error = error_of(at(folder, "link"));
  CHECK(says(error, "is a symbolic link"));
  CHECK(says(error, at(folder, "link")));
  CHECK(says(error, "[audit] log"));
  CHECK(says(error_of(at(folder, "no/where")), "No such file or directory"));
  CHECK(says(error_of(at(folder, "")), "cannot be opened"));
  CHECK(says(error_of("/dev/full"), "neither a regular file nor a FIFO"));
  ::chmod(at(folder, "real").c_str(), 0666);
  CHECK(says(error_of(at(folder, "real")), "may be written by everybody"));
}

TEST_CASE("after a line that was left half-written the next begins on its own [L6]") {
  const Folder folder;
  const std::string path = at(folder, "audit.log");
  write(path, "{1}\n{\"half");
  auto sink = open_file(path);
  REQUIRE(sink);
  CHECK((*sink)->write(line("{2}")) == Outcome::written);
  CHECK((*sink)->write(line("{3}")) == Outcome::written);
  CHECK(read(path) == "{1}\n{\"half\n{2}\n{3}\n");
}

TEST_CASE("a disk that is full in the middle of a line leaves no half of it, and there is a way back [L6]") {
  const Folder folder;
  const std::string path = at(folder, "audit.log");
  auto sink = open_file(path);
  REQUIRE(sink);
  REQUIRE((*sink)->write(line("{1}")) == Outcome::written);
  {
    const Full full(8);
    for (int i = 0; i < 3; ++i) CHECK((*sink)->write(line("{a long line}")) == Outcome::later);
    CHECK(read(path) == "{1}\n");
    CHECK((*sink)->write(line("{2}")) == Outcome::written);
    CHECK((*sink)->write(line("{3}")) == Outcome::later);
    CHECK(says((*sink)->error(), "File too large"));
  }
  CHECK((*sink)->write(line("{4}")) == Outcome::written);
  CHECK(read(path) == "{1}\n{2}\n{4}\n");
}

TEST_CASE("a file that was moved away, or removed, is made anew, unless another is there already [L6]") {
  const bool made = GENERATE(false, true);
  const Folder folder;
  const std::string path = at(folder, "audit.log");
  auto sink = open_file(path);
  REQUIRE(sink);
  REQUIRE((*sink)->write(line("{1}")) == Outcome::written);
  REQUIRE(::rename(path.c_str(), at(folder, "audit.log.1").c_str()) == 0);
  if (made) write(path, "");
  // Looked at once a second.
  std::string all;
  for (int i = 0; i < 400 && all.empty(); ++i) {
    REQUIRE((*sink)->write(line("{2}")) == Outcome::written);
    ::usleep(10000);
    all = read(path);
  }
  CHECK(all == "{2}\n");
  CHECK(read(at(folder, "audit.log.1")).starts_with("{1}\n{2}\n"));
}

TEST_CASE("a FIFO that nobody reads takes whole lines until it is full [L6]") {
  const Folder folder;
  const std::string path = at(folder, "fifo");
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  auto sink = open_file(path);
  REQUIRE(sink);
  const Line wide = line(std::string(1000, 'x'));
  std::size_t taken = 0;
  while ((*sink)->write(wide) == Outcome::written) ++taken;
  CHECK(taken > 10);
  CHECK((*sink)->write(wide) == Outcome::later);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
  std::string got(taken * 2000, ' ');
  const ssize_t n = ::read(reader, got.data(), got.size());
  CHECK(n == static_cast<ssize_t>(taken * 1001));
  CHECK((*sink)->write(line("{2}")) == Outcome::written);
  CHECK(::read(reader, got.data(), got.size()) == 4);
  CHECK(got.substr(0, 4) == "{2}\n");
  ::close(reader);
}

TEST_CASE("without a journal the default writes nothing, and says so [L6]") {
  config::Audit conf;
  conf.log = config::Audit::kNone;
  auto none = open_sink(conf);
  REQUIRE(none);
  CHECK(none->sink == nullptr);
  CHECK(none->warning.empty());
  conf.log = config::Audit::kJournal;
  auto journal = open_sink(conf);
  REQUIRE(journal);
  CHECK((journal->sink == nullptr) != journal->warning.empty());
  conf.log = "/no/where/audit.log";
  CHECK_FALSE(open_sink(conf));
}
