#include "proxy/audit/queue.h"

#include "tests/support/catch.h"

using namespace gatehouse::audit;

namespace {

std::shared_ptr<Source> guest(const char* name) {
  return std::make_shared<Source>(name, "", 1000);
}

Event of(const std::shared_ptr<Source>& source, std::int64_t time_us = 0) {
  Event e;
  e.source = source;
  e.time_us = time_us;
  return e;
}

std::size_t fill(Queue& queue, const std::shared_ptr<Source>& source) {
  std::size_t n = 0;
  while (queue.push(of(source, 1))) ++n;
  return n;
}

}  // namespace

TEST_CASE("events come out in the order that they went in, round and round [L6]") {
  Queue queue(32);
  Event e;
  CHECK_FALSE(queue.pop(e));
  for (std::int64_t i = 0; i < 100; ++i) {
    REQUIRE(queue.push(of(nullptr, 2 * i)));
    REQUIRE(queue.push(of(nullptr, 2 * i + 1)));
    REQUIRE(queue.pop(e));
    REQUIRE(e.time_us == 2 * i);
    REQUIRE(queue.pop(e));
    REQUIRE(e.time_us == 2 * i + 1);
  }
  CHECK(queue.size() == 0);
}

TEST_CASE("one guest's events fill no more than its share of the queue [L6]") {
  Queue queue(64);
  const auto flood = guest("flood");
  CHECK(fill(queue, flood) == 64 / Queue::kShare);
  CHECK(queue.push(of(guest("web1"))));
  // What was taken out makes room again.
  Event e;
  REQUIRE(queue.pop(e));
  CHECK(queue.push(of(flood)));
  CHECK_FALSE(queue.push(of(flood)));
}

TEST_CASE("all guests together leave room for what belongs to none [L6]") {
  Queue queue(64);
  std::vector<std::shared_ptr<Source>> guests;
  std::size_t taken = 0;
  for (int i = 0; i < 20; ++i) taken += fill(queue, guests.emplace_back(guest("g")));
  CHECK(taken == 64 - 64 / Queue::kKept);
  CHECK(fill(queue, nullptr) == 64 / Queue::kKept);
}

TEST_CASE("what found no room is told of after what was there before, once, with its first time [L6]") {
  Queue queue(16);
  for (int i = 0; i < 16; ++i) REQUIRE(queue.push(of(nullptr, i)));
  CHECK_FALSE(queue.push(of(nullptr, 100)));
  CHECK_FALSE(queue.push(of(nullptr, 101)));
  Event e;
  for (int i = 0; i < 16; ++i) {
    CHECK_FALSE(queue.lost());
    REQUIRE(queue.pop(e));
    // Room again: what comes now is behind the loss.
    if (i == 8) REQUIRE(queue.push(of(nullptr, 200)));
  }
  const auto lost = queue.lost();
  REQUIRE(lost);
  CHECK(lost->count == 2);
  CHECK(lost->since_us == 100);
  CHECK_FALSE(queue.lost());
  REQUIRE(queue.pop(e));
  CHECK(e.time_us == 200);
}

TEST_CASE("an event of many lines that finds no room counts as so many [L6]") {
  Queue queue(16);
  for (int i = 0; i < 16; ++i) REQUIRE(queue.push(of(nullptr)));
  Event e;
  e.trusted = std::make_shared<const std::vector<std::shared_ptr<Source>>>(7, guest("t"));
  CHECK_FALSE(queue.push(std::move(e)));
  while (queue.pop(e)) {
  }
  const auto lost = queue.lost();
  REQUIRE(lost);
  CHECK(lost->count == 7);
}

TEST_CASE("who owes is heard of once, until it owes anew [L6]") {
  Queue queue(16);
  const auto source = guest("web1");
  for (int i = 0; i < 1000; ++i) queue.owe(source);
  CHECK(queue.owing() == std::vector{source});
  CHECK(queue.owing().empty());
  source->owes = false;
  queue.owe(source);
  CHECK(queue.owing() == std::vector{source});
}

TEST_CASE("a closed queue waits for nothing [L6]") {
  Queue queue(16);
  queue.close();
  CHECK_FALSE(queue.wait(std::chrono::hours(1)));
  CHECK_FALSE(queue.pause(std::chrono::hours(1)));
}
