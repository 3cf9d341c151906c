#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "proxy/handover/handover.h"
#include "proxy/handover/same_guest.h"
#include "proxy/runtime/snapshot.h"

namespace gatehouse::handover {
namespace {

using gss::Context;

/// Passage: between the clocks of the process that saved and of this one.
struct Passage {
  gss::Clock saved;
  gss::Clock now;
  std::uint64_t most_ms;  ///< what a context may have left at most

  /// elapsed: since the save, by the clock that says more: a wall clock may have been set, in either direction.
  [[nodiscard]] std::uint64_t elapsed() const {
    const std::int64_t wall = std::max<std::int64_t>(now.wall_s - saved.wall_s, 0);
    return std::max(now.monotonic_ms - saved.monotonic_ms, static_cast<std::uint64_t>(wall) * 1000);
  }
  /// move: the times of a context, in this process's clock. False: it has expired.
  [[nodiscard]] bool move(Context::State& c) const {
    const std::uint64_t gone = elapsed();
    const std::uint64_t left = c.terms.lifetime_end_ms - saved.monotonic_ms;
    if (left <= gone || c.terms.ticket_end_s <= now.wall_s) return false;
    c.terms.lifetime_end_ms = now.monotonic_ms + std::min(left - gone, most_ms);
    const std::uint64_t idle = saved.monotonic_ms - c.last_used_ms + gone;
    c.last_used_ms = now.monotonic_ms - std::min(idle, now.monotonic_ms);
    return true;
  }
};

void give(SavedGuest& from, const Owner& to, const config::Config& conf, const Passage& passage, std::size_t threads,
          RestoreReport& r) {
  std::vector<Context::State> own;
  for (Context::State& c : from.contexts) {
    if (!passage.move(c)) {
      ++r.expired;
    } else if (!runtime::context_stands(c.terms.identity, to.policy, conf.principals)) {
      ++r.not_allowed;
    } else {
      own.push_back(std::move(c));
    }
  }
  from.contexts.clear();
  // Used last first: that is what the table would keep.
  std::ranges::sort(own, std::ranges::greater(), &Context::State::last_used_ms);
  const std::size_t cap = to.policy.limits.contexts;
  r.over_cap += own.size() - std::min(own.size(), cap);
  own.resize(std::min(own.size(), cap));
  std::size_t added = 0;
  for (Context::State& c : own) {
    auto context = Context::restore(std::move(c), threads);
    if (context == nullptr) continue;  // decode() has looked at the key and the window: not reached
    to.contexts.add(std::move(context), passage.now);
    ++added;
  }
  r.contexts += added;
  r.guests += added > 0 ? 1 : 0;
}

RestoreReport refused(std::string error) {
  RestoreReport r;
  r.outcome = RestoreReport::Outcome::refused;
  r.error = std::move(error);
  return r;
}

RestoreReport take(const Returned& returned, std::span<const Owner> owners, const config::Config& conf,
                   const gss::Clock& now, std::size_t threads) {
  Contents contents;
  if (auto read = read_returned(returned, contents); !read) return refused(std::move(read.error()));
  const auto plain = open(contents.key, contents.sealed);
  if (!plain) return refused(std::string(open_fault_text(plain.error())));
  auto saved = decode(*plain);
  if (!saved) return refused(std::string(decode_fault_text(saved.error())));
  contents.sealed = {};
  return install(std::move(*saved), owners, conf, now, threads);
}

}  // namespace

RestoreReport install(Saved saved, std::span<const Owner> owners, const config::Config& conf, const gss::Clock& now,
                      std::size_t threads) {
  if (saved.at.monotonic_ms > now.monotonic_ms) return refused("they are of before this machine was started");
  RestoreReport r;
  r.outcome = RestoreReport::Outcome::done;
  const Passage passage{saved.at, now, static_cast<std::uint64_t>(conf.kerberos.context_lifetime.count())};
  std::unordered_map<std::string_view, const Owner*> by_name;
  for (const Owner& owner : owners) by_name.emplace(owner.policy.name, &owner);
  for (SavedGuest& guest : saved.guests) {
    const auto at = by_name.find(guest.name);
    if (at == by_name.end()) {
      r.no_guest += guest.contexts.size();
      continue;
    }
    switch (heir(guest, conf, at->second->policy)) {
      case Heir::same: give(guest, *at->second, conf, passage, threads, r); break;
      case Heir::other: r.other += guest.contexts.size(); break;
      case Heir::untrusted: r.untrusted += guest.contexts.size(); break;
    }
  }
  return r;
}

RestoreReport restore(std::vector<net::PassedSocket>& passed, std::span<const Owner> owners, const config::Config& conf,
                      const gss::Clock& now, std::size_t threads) {
  const Returned returned = take_returned(passed);
  if (!returned.any) return {};
  RestoreReport r = take(returned, owners, conf, now, threads);
  forget();
  return r;
}

}  // namespace gatehouse::handover
