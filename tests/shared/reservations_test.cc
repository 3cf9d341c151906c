#include "proxy/runtime/reservations.h"

#include <atomic>
#include <random>
#include <semaphore>
#include <thread>
#include <vector>

#include "tests/support/catch.h"

using gatehouse::runtime::Reservations;
using gatehouse::runtime::Waiter;
using Answer = Reservations::Answer;

namespace {

struct Woken {
  std::vector<std::uint64_t> keys;
  Waiter waiter(std::uint64_t key, std::uint32_t part = 0) {
    return {[](void* p, std::uint64_t k) { static_cast<Woken*>(p)->keys.push_back(k); }, this, key, part};
  }
};

}  // namespace

TEST_CASE("a reservation that does not fit holds up the small ones behind it, and is granted before it is woken [L6]") {
  Woken woken;
  Reservations r(100);
  CHECK(r.take(101, woken.waiter(1)) == Answer::never);
  REQUIRE(r.take(60, woken.waiter(1)) == Answer::taken);
  CHECK(r.take(50, woken.waiter(2)) == Answer::waits);
  CHECK(r.take(10, woken.waiter(3)) == Answer::waits);
  CHECK(r.take(50, woken.waiter(2)) == Answer::waits);
  CHECK(woken.keys.empty());
  r.give(60);
  CHECK(woken.keys == std::vector<std::uint64_t>{2, 3});
  CHECK(r.used() == 60);
  // Both were granted: nobody can come between.
  CHECK(r.take(60, woken.waiter(4)) == Answer::waits);
  CHECK(r.take(50, woken.waiter(2)) == Answer::taken);
  CHECK(r.take(10, woken.waiter(3)) == Answer::taken);
  r.give(50);
  CHECK(woken.keys.back() == 4);
}

TEST_CASE("who goes away gives up its place, and what was granted to it [L6]") {
  Woken woken;
  Reservations r(10);
  REQUIRE(r.take(10, woken.waiter(1)) == Answer::taken);
  REQUIRE(r.take(10, woken.waiter(2)) == Answer::waits);
  REQUIRE(r.take(10, woken.waiter(3)) == Answer::waits);
  r.forget(woken.waiter(2));
  r.give(10);
  CHECK(woken.keys == std::vector<std::uint64_t>{3});
  r.forget(woken.waiter(3));
  CHECK(r.used() == 0);
  r.forget(woken.waiter(3));
  CHECK(r.used() == 0);
}

TEST_CASE("two parts of one owner wait side by side [L6]") {
  Woken woken;
  Reservations r(10);
  REQUIRE(r.take(10, woken.waiter(1, 1)) == Answer::taken);
  REQUIRE(r.take(5, woken.waiter(1, 1)) == Answer::waits);
  REQUIRE(r.take(5, woken.waiter(1, 2)) == Answer::waits);
  r.give(10);
  CHECK(r.take(5, woken.waiter(1, 1)) == Answer::taken);
  CHECK(r.take(5, woken.waiter(1, 2)) == Answer::taken);
  CHECK(r.used() == 10);
}

TEST_CASE("eight threads reserve and give back: the limit holds and nobody waits for ever [L6]") {
  constexpr std::uint64_t kLimit = 1000;
  Reservations r(kLimit);
  std::atomic<std::uint64_t> inside{0};
  std::atomic<bool> exceeded{false};
  std::atomic<int> finished{0};
  {
    std::vector<std::jthread> threads;
    for (unsigned t = 0; t < 8; ++t)
      threads.emplace_back([&, t] {
        std::binary_semaphore woken{0};
        const Waiter w{[](void* p, std::uint64_t) { static_cast<std::binary_semaphore*>(p)->release(); }, &woken, t};
        std::mt19937 random(t);
        for (int i = 0; i < 5000; ++i) {
          const std::uint64_t n = 1 + random() % kLimit;
          while (r.take(n, w) != Answer::taken) woken.acquire();
          if (inside.fetch_add(n) + n > kLimit) exceeded = true;
          inside.fetch_sub(n);
          r.give(n);
        }
        ++finished;
      });
  }
  CHECK_FALSE(exceeded);
  CHECK(finished == 8);
  CHECK(r.used() == 0);
}

TEST_CASE("a limit that is lowered tells those who wait for more than it that they never will, and lets others pass [L6]") {
  Woken woken;
  Reservations r(100);
  REQUIRE(r.take(60, woken.waiter(1)) == Answer::taken);
  REQUIRE(r.take(80, woken.waiter(2)) == Answer::waits);
  REQUIRE(r.take(30, woken.waiter(3)) == Answer::waits);
  r.set_limit(70);
  CHECK(woken.keys == std::vector<std::uint64_t>{2});
  CHECK(r.take(80, woken.waiter(2)) == Answer::never);
  r.set_limit(50);
  CHECK(r.take(10, woken.waiter(4)) == Answer::waits);
  r.give(60);
  CHECK(woken.keys == std::vector<std::uint64_t>{2, 3, 4});
  CHECK(r.take(30, woken.waiter(3)) == Answer::taken);
  CHECK(r.take(10, woken.waiter(4)) == Answer::taken);
  CHECK(r.used() == 40);
  r.set_limit(1000);
  CHECK(r.take(900, woken.waiter(5)) == Answer::taken);
}
