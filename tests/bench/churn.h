#pragma once

#include <deque>

#include "tests/bench/dialect.h"
#include "tests/bench/gss_context.h"

namespace gatehouse::bench {

// Tokens are first tokens, made before the clock runs: making one costs as much as accepting it.
class Tokens {
 public:
  // make prepares `count` of them; the initiator outlives this.
  static std::expected<Tokens, std::string> make(Initiator& initiator, std::size_t count);

  // take returns one; when they are used up, a new one.
  std::expected<Pending, std::string> take();
  Initiator& initiator() const { return *initiator_; }

 private:
  Initiator* initiator_ = nullptr;
  std::deque<Pending> ready_;
};

// make_churn returns the dialect of context churn: each slot creates a context, destroys it, and begins anew: two calls
// a context. Every reply is verified. The tokens outlive it.
std::unique_ptr<Dialect> make_churn(const Work& work, Tokens& tokens);

}  // namespace gatehouse::bench
