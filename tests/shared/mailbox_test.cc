#include "proxy/runtime/mailbox.h"

#include <poll.h>

#include <thread>

#include "tests/support/catch.h"

TEST_CASE("every message of four senders arrives once and in the sender's order") {
  constexpr int kSenders = 4, kMessages = 20000;
  gatehouse::runtime::Mailbox<std::pair<int, int>> box;
  REQUIRE(box.fd() >= 0);
  std::vector<std::jthread> senders;
  for (int s = 0; s < kSenders; ++s)
    senders.emplace_back([&box, s] {
      for (int i = 0; i < kMessages; ++i) box.post({s, i});
    });
  std::vector<int> next(kSenders, 0);
  std::vector<std::pair<int, int>> mail;
  bool in_order = true;
  for (int got = 0; got < kSenders * kMessages; got += static_cast<int>(mail.size())) {
    pollfd p{box.fd(), POLLIN, 0};
    REQUIRE(::poll(&p, 1, 30000) == 1);
    box.take(mail);
    for (const auto& [sender, number] : mail) in_order = in_order && next[static_cast<std::size_t>(sender)]++ == number;
  }
  CHECK(in_order);
}
