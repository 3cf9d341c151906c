#include "gss/crypto/confounder.h"

#include <algorithm>
#include <thread>
#include <vector>

#include "tests/support/catch.h"

using namespace gatehouse::gss;

TEST_CASE("confounders drawn by several threads at once do not repeat [G4]") {
  std::vector<std::vector<Block>> drawn(4, std::vector<Block>(5000));
  std::vector<std::thread> threads;
  for (std::vector<Block>& into : drawn)
    threads.emplace_back([&into] {
      for (Block& b : into)
        if (!fresh_confounder(b)) b = {};
    });
  for (std::thread& t : threads) t.join();

  std::vector<Block> all;
  for (const std::vector<Block>& from : drawn) all.insert(all.end(), from.begin(), from.end());
  std::ranges::sort(all);
  CHECK(std::ranges::adjacent_find(all) == all.end());
  CHECK(all.front() != Block{});
}
