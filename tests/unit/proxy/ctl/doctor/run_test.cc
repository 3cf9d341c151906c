#include "proxy/ctl/doctor/run.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "tests/support/catch.h"

using namespace gatehouse::doctor;
using namespace std::chrono_literals;

namespace {

// As short as a hang need be for a test: whatever it waits for never comes.
constexpr auto kSoon = 300ms;

void sound(const Exam&, std::size_t part, Findings& out) {
  out.ok("part " + std::to_string(part));
}
void hang_after_one(const Exam&, std::size_t, Findings& out) {
  out.warning("seen before", "mend");
  for (;;) ::pause();
}
void deaf(const Exam&, std::size_t, Findings&) {
  ::signal(SIGTERM, SIG_IGN);
  for (;;) ::pause();
}
void die(const Exam&, std::size_t, Findings& out) {
  out.ok("seen before");
  ::signal(SIGABRT, SIG_DFL);  // the test program's own handler would make it a failed test
  std::abort();
}
void say_nothing(const Exam&, std::size_t, Findings&) {}
void flood(const Exam&, std::size_t, Findings& out) {
  for (int i = 0; i < 100; ++i) out.warning("w" + std::to_string(i), "m");
  out.problem("p", "m");
}
void close_all(const Exam&, std::size_t, Findings& out) {
  out.ok("seen before");
  for (int fd = 3; fd < 1024; ++fd) ::close(fd);
  for (;;) ::pause();
}
std::size_t forty(const gatehouse::config::Config&) {
  return 40;
}
std::size_t none(const gatehouse::config::Config&) {
  return 0;
}

std::vector<Finding> run_one(Check check, bool with_config = true) {
  Exam exam;
  if (with_config) exam.conf.emplace();
  return run_checks(std::span(&check, 1), exam, kSoon);
}

}  // namespace

TEST_CASE("each part of a check is run, in order, more than run at a time [T7]") {
  const auto found = run_one({.id = "x", .what = "", .parts = forty, .run = sound});
  REQUIRE(found.size() == 40);
  for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i].seen == "part " + std::to_string(i));
}

TEST_CASE("a check without parts has nothing to check, one without its configuration is unknown [T7]") {
  CHECK(run_one({.id = "x", .what = "", .parts = none, .run = die}).at(0).result == Result::ok);
  const auto blind = run_one({.id = "x", .what = "", .parts = forty, .run = die}, false);
  REQUIRE(blind.size() == 1);
  CHECK(blind[0].result == Result::unknown);
  CHECK(run_one({.id = "x", .what = "", .needs_config = false, .run = sound}, false).at(0).result == Result::ok);
}

TEST_CASE("a check that hangs is ended; what it found stays, and its silence is said [A1]") {
  const auto found =
      run_one({.id = "x", .what = "", .run = hang_after_one, .silent = Result::problem, .silent_mend = "see there"});
  REQUIRE(found.size() == 2);
  CHECK(found[0].seen == "seen before");
  CHECK(found[1].result == Result::problem);
  CHECK(found[1].mend == "see there");
  CHECK(run_one({.id = "x", .what = "", .run = deaf}).at(0).seen == "the check did not end in time");
}

TEST_CASE("a check that dies, or says nothing, is said to; what it found stays [A1]") {
  const auto found = run_one({.id = "x", .what = "", .run = die});
  REQUIRE(found.size() == 2);
  CHECK(found[1].result == Result::unknown);
  CHECK(found[1].seen == "the check itself ended with signal 6");
  CHECK(run_one({.id = "x", .what = "", .run = say_nothing}).at(0).seen == "the check itself ended with status 0");
}

TEST_CASE("a check that closes its pipe and goes on is ended, and is no fault [A1]") {
  const auto found = run_one({.id = "x", .what = "", .run = close_all});
  REQUIRE(found.size() == 1);
  CHECK(found[0].seen == "seen before");
}

TEST_CASE("of many findings twenty are said, and how many more, as bad as the worst of them [L6]") {
  const auto found = run_one({.id = "x", .what = "", .run = flood});
  REQUIRE(found.size() == kMostFindings + 1);
  CHECK(found.back().seen == "and 81 more like these");
  CHECK(found.back().result == Result::problem);
}

TEST_CASE("a finding is one line of printable ASCII, and not longer than a screen [A1]") {
  CHECK(one_line("a\nb\x1b\x7f\xc3\xa9") == "a\\x0ab\\x1b\\x7f\\xc3\\xa9");
  CHECK(one_line(std::string("a\0b", 3)) == "a\\x00b");
  CHECK(one_line(std::string(5000, 'x')).size() == 1003);
}

TEST_CASE("a list of names is cut with a count [L6]") {
  Names names;
  for (const char* name : {"a", "b", "c", "d", "e"}) names.add(name);
  CHECK(names.str() == "a, b, c, d, e");
  names.add("f");
  CHECK(names.str() == "a, b, c, d, e and 1 more");
}
