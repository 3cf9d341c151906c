#include "gss/contexts.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

namespace gatehouse::gss {

std::size_t ContextTable::HandleHash::operator()(const Handle& h) const {
  // Handles are random, and only our own are stored: their first bytes are as good as any hash.
  std::size_t out = 0;
  std::memcpy(&out, h.data(), sizeof out);
  return out;
}

std::shared_ptr<Context> ContextTable::find(rpc::Bytes handle) const {
  Handle key;
  if (handle.size() != key.size()) return nullptr;
  rpc::copy_bytes(handle, key);
  const std::lock_guard lock(mutex_);
  const auto at = contexts_.find(key);
  return at == contexts_.end() ? nullptr : at->second;
}

//= rfc2203#5.4
//# contexts that no client destroys are cleaned up
std::size_t ContextTable::add(std::shared_ptr<Context> context, const Clock& now, const Ended& ended) {
  std::vector<std::shared_ptr<Context>> evicted;  // die after the lock is given back
  const Handle handle = context->handle();
  context->set_taken_in(now.monotonic_ms);
  const std::lock_guard lock(mutex_);
  while (!contexts_.empty() && contexts_.size() >= cap_) {
    const auto sooner = [&now](const auto& a, const auto& b) {
      const bool a_expired = a.second->expired(now);
      if (a_expired != b.second->expired(now)) return a_expired;
      return a.second->last_used() < b.second->last_used();
    };
    const auto victim = std::ranges::min_element(contexts_, sooner);
    victim->second->retire();
    if (ended) ended(*victim->second);
    evicted.push_back(std::move(victim->second));
    contexts_.erase(victim);
  }
  contexts_.insert_or_assign(handle, std::move(context));
  return evicted.size();
}

//= rfc2203#5.4
//# after DESTROY the context is gone
bool ContextTable::remove(const Context& context) {
  std::shared_ptr<Context> removed;
  const std::lock_guard lock(mutex_);
  const auto at = contexts_.find(context.handle());
  if (at == contexts_.end() || at->second.get() != &context) return false;
  removed = std::move(at->second);
  removed->retire();
  contexts_.erase(at);
  return true;
}

std::size_t ContextTable::sweep(const Clock& now, std::uint64_t grace_ms, const Ended& ended) {
  const Clock then{now.monotonic_ms - std::min(grace_ms, now.monotonic_ms),
                   now.wall_s - static_cast<std::int64_t>(grace_ms / 1000)};
  return retire_unless([&then](const Context& c) { return !c.expired(then); }, ended);
}

std::size_t ContextTable::retire_unless(const std::function<bool(const Context&)>& keep, const Ended& ended) {
  std::vector<std::shared_ptr<Context>> retired;  // die after the lock is given back
  const std::lock_guard lock(mutex_);
  for (auto at = contexts_.begin(); at != contexts_.end();) {
    if (keep(*at->second)) {
      ++at;
      continue;
    }
    at->second->retire();
    if (ended) ended(*at->second);
    retired.push_back(std::move(at->second));
    at = contexts_.erase(at);
  }
  return retired.size();
}

std::size_t ContextTable::clear(const Ended& ended) {
  return retire_unless([](const Context&) { return false; }, ended);
}

void ContextTable::set_cap(std::size_t cap) {
  const std::lock_guard lock(mutex_);
  cap_ = cap;
}

std::size_t ContextTable::size() const {
  const std::lock_guard lock(mutex_);
  return contexts_.size();
}

std::vector<std::shared_ptr<Context>> ContextTable::all() const {
  std::vector<std::shared_ptr<Context>> out;
  const std::lock_guard lock(mutex_);
  out.reserve(contexts_.size());
  for (const auto& [handle, context] : contexts_) out.push_back(context);
  return out;
}

}  // namespace gatehouse::gss
