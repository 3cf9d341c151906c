#pragma once

#include <vector>

#include "tests/bench/gss_context.h"
#include "tests/bench/net.h"

namespace gatehouse::bench {

// GssPool is the contexts of one run, shared by its connections. The first `used` of them carry the calls; the others
// are only there. One thread.
class GssPool {
 public:
  // establish makes `count` contexts over one connection to the target, one after the other, and closes it.
  static std::expected<GssPool, std::string> establish(const Address& target, Initiator& initiator, std::size_t count,
                                                       std::size_t used);

  // destroy ends all contexts, over one connection to the target; the pool is of no use then.
  std::expected<void, std::string> destroy(const Address& target);

  // at returns one of those that carry calls, by a number that is taken modulo theirs.
  GssContext& at(std::size_t number) { return contexts_[number % used_]; }

  // size returns how many contexts there are; enctype what their keys are (RFC 3962, RFC 8009).
  std::size_t size() const { return contexts_.size(); }
  std::uint32_t enctype() const { return contexts_.front().enctype; }

 private:
  std::vector<GssContext> contexts_;
  std::size_t used_ = 0;
};

}  // namespace gatehouse::bench
