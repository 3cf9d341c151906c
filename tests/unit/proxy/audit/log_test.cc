#include "proxy/audit/log.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "proxy/audit/events.h"
#include "tests/support/catch.h"

using namespace gatehouse;
using namespace gatehouse::audit;
using nlohmann::json;
using std::chrono::seconds;

namespace {

constexpr seconds kGrace{20};

std::atomic<std::uint64_t> second{100};
const Clock kClock = {[] { return second.load(); }, [] { return std::int64_t{1'700'000'000'000'000}; }};

// What a sink was given, and how it takes it: shared with the test, since the log owns the sink.
struct Tape {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<json> lines;
  Outcome answer = Outcome::written;
  bool blocked = false;     ///< a write does not return
  bool blocks_now = false;  ///< one is at it
  std::size_t tries = 0;

  void set(Outcome o, bool block = false) {
    const std::lock_guard lock(mutex);
    answer = o;
    blocked = block;
    changed.notify_all();
  }
  // Until `n` lines are there.
  std::vector<json> wait(std::size_t n) {
    std::unique_lock lock(mutex);
    REQUIRE(changed.wait_for(lock, kGrace, [&] { return lines.size() >= n; }));
    return lines;
  }
  void wait_tried() {
    std::unique_lock lock(mutex);
    REQUIRE(changed.wait_for(lock, kGrace, [&] { return tries > 0; }));
  }
  void wait_blocked() {
    std::unique_lock lock(mutex);
    REQUIRE(changed.wait_for(lock, kGrace, [&] { return blocks_now; }));
  }
};

class TapeSink final : public Sink {
 public:
  explicit TapeSink(Tape& tape) : tape_(tape) {}
  Outcome write(const Line& line) override {
    std::unique_lock lock(tape_.mutex);
    tape_.blocks_now = tape_.blocked;
    tape_.changed.notify_all();
    tape_.changed.wait(lock, [this] { return !tape_.blocked; });
    tape_.blocks_now = false;
    ++tape_.tries;
    if (tape_.answer == Outcome::written) tape_.lines.push_back(json::parse(line.json));
    tape_.changed.notify_all();
    return tape_.answer;
  }
  std::string name() const override { return "tape"; }
  std::string error() const override { return "the tape is full"; }

 private:
  Tape& tape_;
};

std::shared_ptr<Source> guest(const char* name, std::uint32_t per_second) {
  return std::make_shared<Source>(name, "", per_second);
}

void refuse(Log& log, const std::shared_ptr<Source>& source, int times = 1) {
  for (int i = 0; i < times; ++i) log.record(source, [] { return connection_refused({}, "no-guest", ""); });
}

std::vector<std::string> words(const std::vector<json>& lines) {
  std::vector<std::string> out;
  for (const json& l : lines) out.push_back(l["event"]);
  return out;
}

std::uint64_t lost_of(const std::vector<json>& lines) {
  std::uint64_t out = 0;
  for (const json& l : lines)
    if (l["event"] == "lost") out += l["count"].get<std::uint64_t>();
  return out;
}

}  // namespace

TEST_CASE("start, administrative acts and stop are written in order, whoever asks [L7]") {
  Tape tape;
  Log log(kClock);
  log.use(std::make_unique<TapeSink>(tape));
  log.started("1.2.3", 4);
  log.trusted({guest("web1", 1), guest("web2", 1)}, "start");
  log.administered(Act::evict, {1000, 77}, true, "guest=web1");
  log.stopping();
  CHECK(log.stop(kGrace));
  REQUIRE(words(tape.lines) == std::vector<std::string>{"start", "trust", "trust", "admin", "stop"});
  CHECK(tape.lines[0]["daemon_version"] == "1.2.3");
  CHECK(tape.lines[0]["guests"] == 4);
  CHECK(tape.lines[2]["guest"] == "web2");
  CHECK(tape.lines[2]["cause"] == "start");
  CHECK(tape.lines[3]["uid"] == 1000);
  CHECK(log.counts().written == 5);
}

TEST_CASE("a guest's events beyond its limit are not even made, and their number is written in the next second [L6]") {
  Tape tape;
  Log log(kClock);
  log.use(std::make_unique<TapeSink>(tape));
  const auto flood = guest("flood", 3);
  int made = 0;
  for (int i = 0; i < 1000; ++i)
    log.record(flood, [&] {
      ++made;
      return Event{};
    });
  CHECK(made == 3);
  refuse(log, guest("web1", 3));
  CHECK(tape.wait(4)[3]["guest"] == "web1");
  CHECK(log.counts().suppressed == 997);
  ++second;
  refuse(log, flood);
  const auto lines = tape.wait(6);
  CHECK(lines[4]["event"] == "suppressed");
  CHECK(lines[4]["guest"] == "flood");
  CHECK(lines[4]["count"] == 997);
  CHECK(lines[5]["event"] == "connection-refused");
}

TEST_CASE("what was held back is told of when the flood has ended, too [L6]") {
  Tape tape;
  Log log(kClock);
  log.use(std::make_unique<TapeSink>(tape));
  const auto flood = guest("flood", 1);
  refuse(log, flood, 10);
  tape.wait(1);
  ++second;
  const auto lines = tape.wait(2);
  CHECK(lines[1]["event"] == "suppressed");
  CHECK(lines[1]["count"] == 9);
  // And not twice.
  ++second;
  refuse(log, flood);
  CHECK(tape.wait(3)[2]["event"] == "connection-refused");
}

TEST_CASE("while nothing can be written events wait, and go on in order when it can [L6]") {
  Tape tape;
  tape.set(Outcome::later);
  Log log(kClock);
  log.use(std::make_unique<TapeSink>(tape));
  for (int i = 0; i < 20; ++i) log.administered(Act::trace, {static_cast<std::uint32_t>(i), 1}, true, "");
  tape.set(Outcome::written);
  const auto lines = tape.wait(20);
  for (std::size_t i = 0; i < 20; ++i) CHECK(lines[i]["uid"] == i);
  CHECK(log.working());
  CHECK(log.counts().dropped == 0);
}

TEST_CASE("who reads no more delays nobody, and what is lost by it is counted and written once he reads again [L6]") {
  Tape tape;
  tape.set(Outcome::written, true);
  Log log(kClock);
  log.use(std::make_unique<TapeSink>(tape));
  const auto flood = guest("flood", 1000000);
  const auto web1 = guest("web1", 1000000);
  refuse(log, flood);
  tape.wait_blocked();
  refuse(log, flood, 100000);
  refuse(log, web1, 5);
  log.administered(Act::drain, {0, 1}, true, "");
  const Counts counts = log.counts();
  CHECK(counts.written == 0);
  CHECK(counts.dropped > 90000);
  CHECK(log.queued() < 2048);
  tape.set(Outcome::written);
  CHECK(log.stop(kGrace));
  // The flood lost its own alone.
  CHECK(std::ranges::count(tape.lines, json("web1"), [](const json& l) { return l.value("guest", json()); }) == 5);
  CHECK(std::ranges::count(words(tape.lines), "admin") == 1);
  CHECK(lost_of(tape.lines) == counts.dropped);
  CHECK(tape.lines.size() - 1 + counts.dropped == 100001 + 5 + 1);
}

TEST_CASE("a line that is never taken is counted, and the next one is tried [L6]") {
  Tape tape;
  tape.set(Outcome::refused);
  Log log(kClock);
  log.use(std::make_unique<TapeSink>(tape));
  log.started("1", 1);
  const auto failed = [&] { return log.counts().failed; };
  for (int i = 0; i < 2000 && failed() < 2; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK(failed() == 2);  // the line, and the one that tells of its loss
  tape.set(Outcome::written);
  log.stopping();
  CHECK(tape.wait(1)[0]["event"] == "stop");
}

TEST_CASE("a log that nobody reads does not hold up the end of the daemon [L6]") {
  Tape tape;
  tape.set(Outcome::written, true);
  auto log = std::make_unique<Log>(kClock);
  log->use(std::make_unique<TapeSink>(tape));
  log->started("1", 1);
  tape.wait_blocked();
  CHECK_FALSE(log->stop(std::chrono::milliseconds(1)));
  tape.set(Outcome::written);
  CHECK(log->stop(kGrace));
}

TEST_CASE("a full disk does not hold up the end of the daemon, and what is left is counted [L6]") {
  Tape tape;
  tape.set(Outcome::later);
  Log log(kClock);
  log.use(std::make_unique<TapeSink>(tape));
  for (int i = 0; i < 7; ++i) log.administered(Act::trace, {0, 1}, true, "");
  CHECK(log.stop(kGrace));
  CHECK(log.counts().dropped == 7);
  CHECK_FALSE(log.working());
}

TEST_CASE("another sink takes over what waits for the one before [L6]") {
  Tape full;
  full.set(Outcome::later);
  Tape tape;
  Log log(kClock);
  log.use(std::make_unique<TapeSink>(full));
  log.started("1", 1);
  full.wait_tried();
  log.use(std::make_unique<TapeSink>(tape));
  log.stopping();
  CHECK(words(tape.wait(2)) == std::vector<std::string>{"start", "stop"});
  CHECK(full.lines.empty());
}

TEST_CASE("a log that is off makes nothing and counts nothing, and can be switched on [L6]") {
  Tape tape;
  Log log(kClock);
  log.started("1", 1);
  log.record(guest("web1", 1), []() -> Event { throw std::logic_error("made"); });
  CHECK(log.counts().written == 0);
  CHECK_FALSE(log.on());
  log.use(std::make_unique<TapeSink>(tape));
  log.stopping();
  CHECK(words(tape.wait(1)) == std::vector<std::string>{"stop"});
  log.use(nullptr);
  CHECK_FALSE(log.on());
  CHECK(log.stop(kGrace));
}
