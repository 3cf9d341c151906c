#include "gss/window.h"

#include <random>
#include <set>

#include "rpc/gss_cred.h"
#include "tests/support/catch.h"

using gatehouse::gss::SequenceWindow;
using Answer = SequenceWindow::Answer;

namespace {

/// Model: the window as RFC 2203 section 5.3.3.1 puts it, with a set of all numbers seen.
class Model {
 public:
  explicit Model(std::uint32_t size) : size_(size) {}

  Answer admit(std::uint32_t seq) {
    if (!seen_.empty()) {
      const std::int64_t newest = *seen_.rbegin();
      if (std::int64_t{seq} < newest - std::int64_t{size_} + 1) return Answer::below;
    }
    return seen_.insert(seq).second ? Answer::fresh : Answer::duplicate;
  }

 private:
  std::uint32_t size_;
  std::set<std::uint32_t> seen_;
};

/// Pair: a window and its model, which must agree.
struct Pair {
  explicit Pair(std::uint32_t size) : window(size), model(size) {}
  void admit(std::uint32_t seq) {
    const Answer expected = model.admit(seq);
    if (window.admit(seq) != expected) FAIL("number " << seq << " in a window of " << window.size());
    newest = std::max(newest, seq);
  }
  SequenceWindow window;
  Model model;
  std::uint32_t newest = 0;
};

std::vector<std::uint32_t> jumps(std::uint32_t size) {
  return {0,   1,   2,   31,  32,   33,       63,   64,       65,       127,         128,
          129, 255, 256, 257, 1023, size - 1, size, size + 1, 2 * size, 2 * size + 1};
}

constexpr std::uint32_t kSizes[] = {1, 2, 63, 64, 65, 100, 128, 1000, 1024};

}  // namespace

//= rfc2203#5.3.3.1
//# numbers from the newest down to the newest - seq_window + 1 are accepted, each once
TEST_CASE("a window of W takes the last W numbers once each, and none below [G1]") {
  for (const std::uint32_t size : kSizes) {
    SequenceWindow window(size);
    INFO("size " << size);
    CHECK(window.size() == size);
    const std::uint32_t newest = 5000;
    REQUIRE(window.admit(newest) == Answer::fresh);
    CHECK(window.admit(newest) == Answer::duplicate);
    CHECK(window.admit(newest - size) == Answer::below);
    for (std::uint32_t back = 1; back < size; ++back) REQUIRE(window.admit(newest - back) == Answer::fresh);
    for (std::uint32_t back = 0; back < size; ++back) REQUIRE(window.admit(newest - back) == Answer::duplicate);
    CHECK(window.admit(newest - size) == Answer::below);
    CHECK(window.admit(0) == Answer::below);
  }
}

TEST_CASE("the first number may be any, 0 and the last one too [G1]") {
  constexpr std::uint32_t kLast = gatehouse::rpc::kMaxGssSeq - 1;
  for (const std::uint32_t first : {0U, 1U, 63U, 64U, 1023U, 1024U, 0x7fffffffU - 1, kLast, 0xfffffffeU, 0xffffffffU}) {
    SequenceWindow window;
    INFO("first " << first);
    CHECK(window.admit(first) == Answer::fresh);
    CHECK(window.admit(first) == Answer::duplicate);
  }
  SequenceWindow window;
  CHECK(window.admit(0) == Answer::fresh);
  CHECK(window.admit(kLast) == Answer::fresh);
  CHECK(window.admit(0) == Answer::below);
  CHECK(window.admit(kLast - 1023) == Answer::fresh);
  CHECK(window.admit(kLast - 1024) == Answer::below);
}

TEST_CASE("every jump ahead keeps what the window reaches and forgets the rest [G1]") {
  for (const std::uint32_t size : kSizes)
    for (const std::uint32_t start : {0U, 1U, 63U, 64U, 4096U, 0x7fff0000U, 0xfffe0000U})
      for (const std::uint32_t jump : jumps(size)) {
        Pair pair(size);
        // Every third number up to the start, so that there is something to keep and to forget.
        for (std::uint32_t seq = start; seq < start + 2 * size; seq += 3) pair.admit(seq);
        pair.admit(pair.newest + jump);
        for (std::uint32_t back = 0; back < 2 * size + 2 && back <= pair.newest; ++back) pair.admit(pair.newest - back);
      }
}

TEST_CASE("random walks give the answers of a model that remembers everything [G1]") {
  std::mt19937 random(20250307);  // NOLINT: the same walk each time
  const auto below = [&random](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  for (const std::uint32_t size : kSizes) {
    const auto ahead = jumps(size);
    for (const std::uint32_t start : {0U, 1000U, 0x7ffff000U, 0xfff00000U}) {
      Pair pair(size);
      pair.admit(start);
      for (int step = 0; step < 4000; ++step) {
        const bool back = below(4) != 0;
        const std::uint32_t by =
            back ? below(size + size / 4 + 2) : ahead[below(static_cast<std::uint32_t>(ahead.size()))];
        if (back ? by > pair.newest : by > 0xffffffffU - pair.newest) continue;
        pair.admit(back ? pair.newest - by : pair.newest + by);
      }
    }
  }
}

TEST_CASE("a window of no numbers is one of one [G1]") {
  SequenceWindow window(0);
  CHECK(window.size() == 1);
  CHECK(window.admit(5) == Answer::fresh);
  CHECK(window.admit(5) == Answer::duplicate);
  CHECK(window.admit(4) == Answer::below);
}

TEST_CASE("a window that goes on from a state, again and again, answers as one that was never interrupted [G12]") {
  std::mt19937 random(7);
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random()) % n; };
  for (const std::uint32_t size : kSizes) {
    INFO("size " << size);
    Model model(size);
    SequenceWindow::State state = SequenceWindow(size).state();
    std::uint32_t base = 10;
    for (int round = 0; round < 50; ++round) {
      REQUIRE(SequenceWindow::consistent(state));
      SequenceWindow window(state);
      CHECK(window.state() == state);
      for (int i = 0; i < 20; ++i) {
        const std::uint32_t seq = base + below(2 * size + 3);
        REQUIRE(window.admit(seq) == model.admit(seq));
      }
      state = window.state();
      base += below(size + 2);
    }
  }
}

TEST_CASE("a state that no window has been in is not consistent [G12]") {
  SequenceWindow window(100);
  REQUIRE(SequenceWindow::consistent(window.state()));
  window.admit(1000);
  const SequenceWindow::State good = window.state();
  REQUIRE(SequenceWindow::consistent(good));
  SequenceWindow::State bad = good;
  bad.newest = 1001;
  CHECK_FALSE(SequenceWindow::consistent(bad));
  bad = good;
  bad.any = false;
  CHECK_FALSE(SequenceWindow::consistent(bad));
  bad.newest = 0;
  CHECK_FALSE(SequenceWindow::consistent(bad));
  bad = good;
  bad.seen.push_back(0);
  CHECK_FALSE(SequenceWindow::consistent(bad));
  bad = good;
  bad.size = 0;
  CHECK_FALSE(SequenceWindow::consistent(bad));
  bad = good;
  bad.size = 129;
  CHECK_FALSE(SequenceWindow::consistent(bad));
}
