// What happens when OpenSSL has no random bytes to give. Its interface to say so is deprecated, and has no successor
// that a test could use for a while.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/rand.h>

#include <thread>

#include "gss/body.h"
#include "tests/unit/gss/fixture.h"

using namespace gatehouse;
using namespace gatehouse::gss;
using namespace gatehouse::test;

namespace {

int no_bytes(unsigned char*, int) {
  return 0;
}
int not_ready() {
  return 0;
}

/// Drought: while it lives there is no randomness.
class Drought {
 public:
  Drought() : before_(RAND_get_rand_method()) { RAND_set_rand_method(&kNone); }
  ~Drought() { RAND_set_rand_method(before_); }
  Drought(const Drought&) = delete;
  Drought& operator=(const Drought&) = delete;

 private:
  static constexpr RAND_METHOD kNone = {nullptr, no_bytes, nullptr, nullptr, no_bytes, not_ready};
  const RAND_METHOD* before_;
};

}  // namespace

TEST_CASE("without randomness there is no context: a handle could be guessed [G12]") {
  const Context::Terms what = terms();
  {
    const Drought drought;
    CHECK(Context::make(what, 1) == nullptr);
  }
  CHECK(Context::make(what, 1) != nullptr);
}

//= rfc2203#5.3.3.4.4
//# results that cannot be wrapped are not sent
TEST_CASE("without randomness there is no wrapping: results are not sent [G1]") {
  for (const Enctype enctype : kEnctypes) {
    bool dry = true;
    bool wet = false;
    // A thread of its own has no confounders left over.
    std::jthread([&] {
      const auto gateway = Protection::make(session_key(enctype), Protection::Role::acceptor);
      const ResultRoom room = result_room(rpc::GssService::privacy, 8, *gateway);
      const Buffer plain(room.head + 8 + room.tail, 1);
      Buffer buffer = plain;
      {
        const Drought drought;
        dry = protect_results(rpc::GssService::privacy, 1, 1, buffer, *gateway);
      }
      buffer = plain;
      wet = protect_results(rpc::GssService::privacy, 1, 1, buffer, *gateway);
    }).join();
    CHECK_FALSE(dry);
    CHECK(wet);
  }
}
