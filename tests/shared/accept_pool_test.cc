#include "proxy/offload/accept_pool.h"

#include <array>
#include <mutex>
#include <semaphore>
#include <string>
#include <vector>

#include "tests/support/catch.h"

using namespace gatehouse;
using offload::AcceptJob;
using offload::AcceptPool;
using namespace std::chrono_literals;

namespace {

// An acceptor that refuses each token when the test lets it, and notes their order.
class Gate final : public gss::Acceptor {
 public:
  std::expected<gss::Accepted, gss::Refused> accept(rpc::Bytes token, std::chrono::milliseconds) override {
    {
      const std::lock_guard lock(mutex_);
      seen_.emplace_back(token.begin(), token.end());
    }
    entered.release();
    open.acquire();
    return std::unexpected(gss::Refused{1, 2, "refused by the test", false});
  }
  std::vector<std::string> seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  std::counting_semaphore<> entered{0};
  std::counting_semaphore<> open{0};

 private:
  std::mutex mutex_;
  std::vector<std::string> seen_;
};

struct Answers {
  std::mutex mutex;
  std::vector<std::unique_ptr<AcceptJob>> jobs;
  std::counting_semaphore<> came{0};
};

policy::Guest named(const char* name) {
  policy::Guest g;
  g.name = name;
  return g;
}

// A guest as the pool sees it.
struct Asking {
  Asking(const policy::Guest& g, rpc::Bytes secret)
      : state(std::make_shared<runtime::GuestState>(g, 1)),
        policy(std::make_shared<runtime::GuestPolicy>(g, secret, 0, std::vector<runtime::RpcbindView>{})) {}
  std::shared_ptr<runtime::GuestState> state;
  std::shared_ptr<const runtime::GuestPolicy> policy;
};

struct Scene {
  std::array<std::uint8_t, nfs::kSecretSize> secret{};
  Asking a{named("a"), secret}, b{named("b"), secret};
  Answers answers;
  Gate* gate = new Gate;
  AcceptPool pool;

  explicit Scene(std::size_t most)
      : pool(std::unique_ptr<gss::Acceptor>(gate), std::make_unique<gss::Mapper>(std::vector<gss::PrincipalRule>{}, 1s),
             {1s, 1h, 1024, 2}, 1, most) {}

  bool submit(const Asking& guest, const std::string& token, std::chrono::milliseconds patience = 1h) {
    REQUIRE(guest.state->nascent.try_take(1));
    auto job = std::make_unique<AcceptJob>(guest.state, guest.policy);
    job->token.assign(token.begin(), token.end());
    job->until = std::chrono::steady_clock::now() + patience;
    job->owner = &answers;
    job->done = [](void* owner, std::unique_ptr<AcceptJob> j) {
      auto& to = *static_cast<Answers*>(owner);
      {
        const std::lock_guard lock(to.mutex);
        to.jobs.push_back(std::move(j));
      }
      to.came.release();
    };
    return pool.submit(job);
  }
};

}  // namespace

TEST_CASE("guests take turns at the acceptor, so that one guest's flood costs another one token's time [G13]") {
  Scene s(100);
  REQUIRE(s.submit(s.a, "a0"));
  s.gate->entered.acquire();
  for (const char* token : {"a1", "a2", "a3"}) REQUIRE(s.submit(s.a, token));
  REQUIRE(s.submit(s.b, "b1"));
  s.gate->open.release(5);
  for (int i = 0; i < 5; ++i) s.answers.came.acquire();
  CHECK(s.gate->seen() == std::vector<std::string>{"a0", "a1", "b1", "a2", "a3"});
  CHECK(s.answers.jobs.front()->outcome == AcceptJob::Outcome::refused);
  CHECK(s.answers.jobs.front()->major == 1);
  CHECK(s.answers.jobs.front()->minor == 2);
  s.answers.jobs.clear();
  CHECK(s.a.state->nascent.used() == 0);
  CHECK(s.b.state->nascent.used() == 0);
}

TEST_CASE("a queue that is full takes no more, and the guest has its unit back [G13]") {
  Scene s(2);
  REQUIRE(s.submit(s.a, "1"));
  s.gate->entered.acquire();
  REQUIRE(s.submit(s.a, "2"));
  REQUIRE(s.submit(s.a, "3"));
  CHECK_FALSE(s.submit(s.a, "4"));
  CHECK(s.a.state->nascent.used() == 3);
  CHECK(s.pool.waiting() == 2);
  s.gate->open.release(3);
  for (int i = 0; i < 3; ++i) s.answers.came.acquire();
  CHECK(s.pool.waiting() == 0);
}

TEST_CASE("a token for which nobody waits any more is not given to the acceptor [G4]") {
  Scene s(10);
  REQUIRE(s.submit(s.a, "late", -1ms));
  s.answers.came.acquire();
  CHECK(s.gate->seen().empty());
  CHECK(s.answers.jobs.front()->outcome == AcceptJob::Outcome::unavailable);
}

TEST_CASE("a pool that stops drops what waits and gives the guests their units back [G4]") {
  Scene s(10);
  REQUIRE(s.submit(s.a, "at work"));
  s.gate->entered.acquire();
  REQUIRE(s.submit(s.a, "waits"));
  s.gate->open.release(2);  // the thread may be at the second one before it is told to stop
  CHECK(s.pool.stop(1h));
  CHECK_FALSE(s.submit(s.a, "too late"));
  s.answers.jobs.clear();
  CHECK(s.a.state->nascent.used() == 0);
}

TEST_CASE("a pool whose acceptor hangs says so instead of waiting for ever [G9]") {
  Scene s(10);
  REQUIRE(s.submit(s.a, "hangs"));
  s.gate->entered.acquire();
  CHECK_FALSE(s.pool.stop(1ms));
  s.gate->open.release(1);
  CHECK(s.pool.stop(1h));
}
