// RPCSEC_GSS state that several workers use at once.
#include <atomic>
#include <barrier>
#include <set>
#include <thread>
#include <vector>

#include "gss/contexts.h"
#include "gss/window.h"
#include "tests/unit/gss/fixture.h"

using namespace gatehouse::gss;

namespace {

constexpr std::size_t kThreads = 8;

// Runs `work(thread)` on all threads, which begin together.
template <typename Work>
void on_all_threads(Work work) {
  std::barrier begin(kThreads);
  std::vector<std::jthread> threads;
  for (std::size_t t = 0; t < kThreads; ++t)
    threads.emplace_back([&begin, &work, t] {
      begin.arrive_and_wait();
      work(t);
    });
}

std::shared_ptr<Context> context() {
  Context::Terms terms;
  terms.key.enctype = Enctype::aes128_sha256;
  terms.key.size = 16;
  terms.ticket_end_s = 1000;
  terms.lifetime_end_ms = 1'000'000;
  return Context::make(terms, kThreads);
}

}  // namespace

TEST_CASE("of all threads with one sequence number exactly one is told that it is fresh [G1]") {
  constexpr std::uint32_t kNumbers = 2000;
  SequenceWindow window(1024);
  std::atomic<std::uint32_t> fresh{0};
  for (std::uint32_t seq = 0; seq < kNumbers; seq += 100)
    on_all_threads([&](std::size_t) {
      for (std::uint32_t i = 0; i < 100; ++i)
        if (window.admit(seq + i) == SequenceWindow::Answer::fresh) ++fresh;
    });
  CHECK(fresh == kNumbers);
}

TEST_CASE("threads that share a window's numbers have them all taken, in whatever order they come [G1]") {
  constexpr std::size_t kEach = 100;
  SequenceWindow window(1024);
  std::atomic<std::size_t> fresh{0};
  on_all_threads([&](std::size_t thread) {
    for (std::size_t i = 0; i < kEach; ++i)
      if (window.admit(static_cast<std::uint32_t>(i * kThreads + thread)) == SequenceWindow::Answer::fresh) ++fresh;
  });
  CHECK(fresh == kEach * kThreads);
}

TEST_CASE("of all workers that receive one record exactly one takes it, each with its own lane [G1]") {
  constexpr std::uint32_t kRecords = 200;
  gatehouse::test::Client client(gatehouse::test::terms(), kThreads);
  ContextTable table(1);
  table.add(client.context, gatehouse::test::kNow);
  struct Table final : Known {
    std::shared_ptr<Context> find(gatehouse::rpc::Bytes handle) override { return table->find(handle); }
    ContextTable* table = nullptr;
  };
  std::vector<gatehouse::test::Buffer> records;
  for (std::uint32_t seq = 0; seq < kRecords; ++seq) records.push_back(client.record({.seq = seq}));
  std::atomic<std::uint32_t> taken{0};
  std::atomic<std::uint32_t> replayed{0};
  on_all_threads([&](std::size_t thread) {
    Table known;
    known.table = &table;
    for (const auto& record : records) {
      gatehouse::rpc::CallHeader call;
      gatehouse::rpc::parse_call_head(record, true, call);
      const Finding found = receive(call, record, known, gatehouse::test::kNow, thread).finding;
      if (found == Finding::data) ++taken;
      if (found == Finding::replayed || found == Finding::below_window) ++replayed;
    }
  });
  CHECK(taken == kRecords);
  CHECK(replayed == kRecords * (kThreads - 1));
}

TEST_CASE("threads make lanes, tokens and token numbers of one context side by side [P15]") {
  const auto shared = context();
  REQUIRE(shared != nullptr);
  std::vector<std::vector<std::uint64_t>> numbers(kThreads);
  std::atomic<int> failed{0};
  on_all_threads([&](std::size_t thread) {
    for (int i = 0; i < 200; ++i) {
      numbers[thread].push_back(shared->next_token_seq());
      std::uint8_t token[Protection::kMaxMic];
      Protection* lane = shared->lane(thread);
      if (lane == nullptr || !lane->get_mic(token, numbers[thread].back(), std::span(token).first(lane->mic_size())))
        ++failed;
      shared->touch(static_cast<std::uint64_t>(i));
    }
  });
  CHECK(failed == 0);
  std::set<std::uint64_t> all;
  for (const auto& of_one : numbers) all.insert(of_one.begin(), of_one.end());
  CHECK(all.size() == kThreads * 200);
}

TEST_CASE("threads add, find, remove and sweep contexts of one guest, and none is lost or kept twice [G12]") {
  constexpr std::size_t kCap = 64;
  constexpr std::size_t kEach = 40;
  ContextTable table(kCap);
  std::atomic<std::size_t> evicted{0};
  std::atomic<std::size_t> removed{0};
  on_all_threads([&](std::size_t thread) {
    for (std::size_t i = 0; i < kEach; ++i) {
      const auto mine = context();
      mine->touch(thread * kEach + i);
      evicted += table.add(mine, {});
      const auto found = table.find(mine->handle());
      if (found != nullptr) found->touch(i);
      if (i % 3 == 0 && table.remove(*mine)) ++removed;
      if (i % 16 == 0) table.sweep({}, 0);
    }
  });
  CHECK(table.size() <= kCap);
  CHECK(table.size() + evicted + removed == kThreads * kEach);
  table.clear();
  CHECK(table.size() == 0);
}

TEST_CASE("a context that one thread retires is seen so by the others [G12]") {
  ContextTable table(4);
  const auto shared = context();
  table.add(shared, {});
  std::atomic<int> removals{0};
  on_all_threads([&](std::size_t) {
    while (!shared->retired())
      if (table.remove(*shared)) ++removals;
  });
  CHECK(removals == 1);
}
