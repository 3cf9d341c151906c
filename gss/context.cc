#include "gss/context.h"

#include <openssl/rand.h>

#include <algorithm>
#include <utility>

namespace gatehouse::gss {

std::shared_ptr<Context> Context::make(Terms terms, std::size_t threads, std::size_t first) {
  Handle handle;
  if (RAND_bytes(handle.data(), static_cast<int>(handle.size())) != 1) return nullptr;
  // The constructor is private, so that there is no context without a random handle.
  const std::shared_ptr<Context> made(new Context(std::move(terms), handle, std::max<std::size_t>(threads, 1)));
  // A key that cannot be used fails the creation, not the first call.
  return made->lane(first) == nullptr ? nullptr : made;
}

Context::Context(Terms terms, const Handle& handle, std::size_t threads)
    : terms_(std::move(terms)),
      handle_(handle),
      window_(terms_.window),
      send_seq_(terms_.key.send_seq),
      lanes_(threads) {}

Protection* Context::lane(std::size_t thread) {
  if (thread >= lanes_.size()) return nullptr;
  std::unique_ptr<Protection>& lane = lanes_[thread];
  if (lane == nullptr) lane = Protection::make(terms_.key, Protection::Role::acceptor);
  return lane.get();
}

}  // namespace gatehouse::gss
