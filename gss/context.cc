#include "gss/context.h"

#include <openssl/rand.h>

#include <algorithm>
#include <utility>

#include "gss/crypto/suite.h"

namespace gatehouse::gss {

std::shared_ptr<Context> Context::make(Terms terms, std::size_t threads, std::size_t first) {
  State fresh;
  if (RAND_bytes(fresh.handle.data(), static_cast<int>(fresh.handle.size())) != 1) return nullptr;
  fresh.window = SequenceWindow(terms.window).state();
  fresh.terms = std::move(terms);
  // The constructor is private, so that there is no context without a random handle.
  const std::shared_ptr<Context> made(new Context(std::move(fresh), threads));
  // A key that cannot be used fails the creation, not the first call.
  return made->lane(first) == nullptr ? nullptr : made;
}

std::shared_ptr<Context> Context::restore(State state, std::size_t threads) {
  const Suite* const suite = suite_of(static_cast<std::uint32_t>(state.terms.key.enctype));
  if (suite == nullptr || suite->key != state.terms.key.size) return nullptr;
  if (state.terms.window != state.window.size || !SequenceWindow::consistent(state.window)) return nullptr;
  return std::shared_ptr<Context>(new Context(std::move(state), threads));
}

Context::Context(State state, std::size_t threads)
    : terms_(std::move(state.terms)),
      handle_(state.handle),
      window_(std::move(state.window)),
      send_seq_(terms_.key.send_seq),
      last_used_(state.last_used_ms),
      lanes_(std::max<std::size_t>(threads, 1)) {}

Context::State Context::state() const {
  State out{terms_, handle_, window_.state(), last_used()};
  out.terms.key.send_seq = send_seq_.load(std::memory_order_relaxed);
  return out;
}

Protection* Context::lane(std::size_t thread) {
  if (thread >= lanes_.size()) return nullptr;
  std::unique_ptr<Protection>& lane = lanes_[thread];
  if (lane == nullptr) lane = Protection::make(terms_.key, Protection::Role::acceptor);
  return lane.get();
}

}  // namespace gatehouse::gss
