#include "proxy/runtime/budget.h"

#include <atomic>
#include <condition_variable>
#include <thread>
#include <vector>

#include "tests/support/catch.h"

using gatehouse::runtime::Budget;
using gatehouse::runtime::Waiter;

namespace {

// A thread that waits for its budget as a worker does: woken through a flag, then trying again.
class Taker {
 public:
  void take(Budget& budget, std::uint64_t n) {
    while (!budget.take_or_wait(n, waiter())) {
      std::unique_lock lock(mutex_);
      woken_.wait(lock, [this] { return flag_; });
      flag_ = false;
    }
  }

 private:
  Waiter waiter() {
    return {[](void* owner, std::uint64_t) { static_cast<Taker*>(owner)->wake(); }, this, 1};
  }
  void wake() {
    const std::lock_guard lock(mutex_);
    flag_ = true;
    woken_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable woken_;
  bool flag_ = false;
};

}  // namespace

TEST_CASE("a budget is never exceeded and nobody waits for ever, with eight threads on three units [L6]") {
  constexpr int kThreads = 8, kRounds = 20000;
  Budget budget(3);
  std::atomic<int> inside{0};
  std::atomic<bool> exceeded{false};
  std::atomic<int> finished{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t)
      threads.emplace_back([&] {
        Taker taker;
        for (int i = 0; i < kRounds; ++i) {
          taker.take(budget, 1);
          if (inside.fetch_add(1) + 1 > 3) exceeded = true;
          inside.fetch_sub(1);
          budget.give(1);
        }
        ++finished;
      });
  }
  CHECK_FALSE(exceeded);
  CHECK(finished == kThreads);
  CHECK(budget.used() == 0);
}

TEST_CASE("more than the limit can never be taken, and does not wait [L6]") {
  Budget budget(10);
  int woken = 0;
  const Waiter w{[](void* p, std::uint64_t) { ++*static_cast<int*>(p); }, &woken, 7};
  CHECK_FALSE(budget.take_or_wait(11, w));
  REQUIRE(budget.try_take(10));
  CHECK_FALSE(budget.try_take(1));
  CHECK_FALSE(budget.take_or_wait(1, w));
  budget.give(10);
  CHECK(woken == 1);
}

TEST_CASE("one unit wakes one waiter, the first; one that goes away without taking it passes the wake on [L6]") {
  Budget budget(1);
  std::vector<std::uint64_t> woken;
  const auto waiter = [&](std::uint64_t key) {
    return Waiter{[](void* p, std::uint64_t k) { static_cast<std::vector<std::uint64_t>*>(p)->push_back(k); }, &woken,
                  key};
  };
  REQUIRE(budget.try_take(1));
  for (std::uint64_t key = 1; key <= 3; ++key) REQUIRE_FALSE(budget.take_or_wait(1, waiter(key)));
  budget.give(1);
  CHECK(woken == std::vector<std::uint64_t>{1});
  budget.forget(waiter(1));
  CHECK(woken == std::vector<std::uint64_t>{1, 2});
  REQUIRE(budget.try_take(1));
  budget.give(1);
  CHECK(woken == std::vector<std::uint64_t>{1, 2, 3});
}

TEST_CASE("who was forgotten is not woken") {
  Budget budget(1);
  int woken = 0;
  const Waiter w{[](void* p, std::uint64_t) { ++*static_cast<int*>(p); }, &woken, 7};
  REQUIRE(budget.try_take(1));
  REQUIRE_FALSE(budget.take_or_wait(1, w));
  budget.forget(w);
  budget.give(1);
  CHECK(woken == 0);
}

TEST_CASE("a waiter that asks again before it was woken keeps one place, so that no wake is lost on it [L6]") {
  Budget budget(1);
  std::vector<std::uint64_t> woken;
  const auto waiter = [&](std::uint64_t key) {
    return Waiter{[](void* p, std::uint64_t k) { static_cast<std::vector<std::uint64_t>*>(p)->push_back(k); }, &woken,
                  key};
  };
  REQUIRE(budget.try_take(1));
  REQUIRE_FALSE(budget.take_or_wait(1, waiter(1)));
  REQUIRE_FALSE(budget.take_or_wait(1, waiter(1)));
  REQUIRE_FALSE(budget.take_or_wait(1, waiter(2)));
  budget.give(1);
  REQUIRE(budget.try_take(1));
  budget.give(1);
  CHECK(woken == std::vector<std::uint64_t>{1, 2});
}

TEST_CASE("a waiter that got its unit without being woken leaves, and the next is woken in its turn [L6]") {
  Budget budget(1);
  std::vector<std::uint64_t> woken;
  const auto waiter = [&](std::uint64_t key) {
    return Waiter{[](void* p, std::uint64_t k) { static_cast<std::vector<std::uint64_t>*>(p)->push_back(k); }, &woken,
                  key};
  };
  REQUIRE(budget.try_take(1));
  REQUIRE_FALSE(budget.take_or_wait(1, waiter(1)));
  REQUIRE_FALSE(budget.take_or_wait(1, waiter(2)));
  budget.leave(waiter(1));
  budget.give(1);
  CHECK(woken == std::vector<std::uint64_t>{2});
}

TEST_CASE("a limit that is raised wakes all who wait, and one that is lowered lets nothing through until enough came back [L6]") {
  struct Count {
    int woken = 0;
    Waiter waiter(std::uint64_t key) {
      return {[](void* p, std::uint64_t) { ++static_cast<Count*>(p)->woken; }, this, key};
    }
  } count;
  Budget b(2);
  REQUIRE(b.try_take(2));
  for (std::uint64_t key = 1; key <= 3; ++key) REQUIRE_FALSE(b.take_or_wait(1, count.waiter(key)));
  b.set_limit(4);
  CHECK(count.woken == 3);
  CHECK(b.take_or_wait(1, count.waiter(1)));
  CHECK(b.take_or_wait(1, count.waiter(2)));
  CHECK_FALSE(b.take_or_wait(1, count.waiter(3)));
  b.set_limit(1);
  b.give(3);
  CHECK(b.used() == 1);
  CHECK_FALSE(b.try_take(1));
  b.give(1);
  CHECK(b.try_take(1));
}

TEST_CASE("takers go on while the limit changes all the time, and nothing is lost [L6]") {
  Budget b(1);
  std::atomic<bool> stop{false};
  std::thread changer([&] {
    for (std::uint64_t i = 0; !stop; ++i) b.set_limit(1 + i % 3);
  });
  std::vector<std::thread> takers;
  for (int t = 0; t < 3; ++t)
    takers.emplace_back([&b] {
      Taker taker;
      for (int i = 0; i < 500; ++i) {
        taker.take(b, 1);
        b.give(1);
      }
    });
  for (std::thread& t : takers) t.join();
  stop = true;
  changer.join();
  CHECK(b.used() == 0);
}
