#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <numeric>

#include "proxy/handover/handover.h"
#include "proxy/handover/memory.h"
#include "proxy/handover/same_guest.h"

namespace gatehouse::handover {
namespace {

using Outcome = SaveReport::Outcome;

// Before the guests, in the encrypted part.
constexpr std::size_t kAround = kSealedHeader + kSealedTag + 20;

/// Pick: what is to be saved of one guest.
struct Pick {
  SavedGuest guest;  // without contexts, until it is written
  std::vector<std::shared_ptr<gss::Context>> contexts;
  std::size_t size = 0;
};

SavedGuest describe(const config::Config& conf, const policy::Guest& g) {
  return {g.name, g.uuid, identity_text(conf, g), g.trusted, {}};
}

// All that lives and can be encoded, used last first.
Pick pick(const Owner& owner, const config::Config& conf, const gss::Clock& now, std::size_t& left_out) {
  Pick out{describe(conf, owner.policy), {}, 0};
  const std::size_t own = encoded_size(out.guest);
  for (auto& context : owner.contexts.all()) {
    if (context->expired(now) || context->retired()) continue;
    const std::size_t size = own == 0 ? 0 : encoded_size(context->state(), now);
    if (size == 0) {
      ++left_out;
      continue;
    }
    out.size += size;
    out.contexts.push_back(std::move(context));
  }
  std::ranges::sort(out.contexts, std::ranges::greater(), [](const auto& c) { return c->last_used(); });
  out.size += out.contexts.empty() ? 0 : own;
  return out;
}

// Takes contexts away until what is left has `share` bytes.
void cut(Pick& p, std::size_t share, const gss::Clock& now, std::size_t& left_out) {
  while (p.size > share && !p.contexts.empty()) {
    p.size -= encoded_size(p.contexts.back()->state(), now);
    p.contexts.pop_back();
    ++left_out;
  }
}

// No guest gets more than it needs, and who gets less gets as much as anybody does.
void share_out(std::vector<Pick>& picks, std::size_t most, const gss::Clock& now, std::size_t& left_out) {
  std::ranges::sort(picks, {}, &Pick::size);
  std::size_t left = most > kAround ? most - kAround : 0;
  for (std::size_t i = 0; i < picks.size(); ++i) {
    cut(picks[i], left / (picks.size() - i), now, left_out);
    if (picks[i].contexts.empty()) picks[i].size = 0;
    left -= picks[i].size;
  }
  std::erase_if(picks, [](const Pick& p) { return p.contexts.empty(); });
}

// False: errno.
bool write(std::vector<Pick>& picks, const Key& key, std::size_t size, int memory, const gss::Clock& now) {
  Sealer sealer(key, size, [memory](rpc::Bytes bytes) { return append(memory, bytes); });
  bool good = sealer.put(encode_head(now, picks.size()));
  // One guest at a time: no more than one is in clear at once.
  for (Pick& p : picks) {
    for (const auto& context : p.contexts) p.guest.contexts.push_back(context->state());
    good = good && sealer.put(encode_guest(p.guest, now));
    p.guest.contexts.clear();
    p.contexts.clear();
  }
  return good && sealer.finish() && seal_memory(memory);
}

SaveReport& failed(SaveReport& report, std::string what) {
  report.outcome = Outcome::not_kept;
  report.error = std::move(what);
  return report;
}

SaveReport& failed_by_system(SaveReport& report, const std::string& what) {
  return failed(report, what + ": " + std::strerror(errno));
}

SaveReport& give(SaveReport& report, net::UniqueFd memory, KeyPipe key) {
  switch (keep(std::move(memory), std::move(key))) {
    case Kept::kept: report.outcome = Outcome::kept; return report;
    case Kept::refused:
      return failed(report, "the service manager refused them: is FileDescriptorStoreMax= of the unit 2 or more?");
    case Kept::unanswered: return failed(report, "the service manager did not say in time whether it took them");
    case Kept::failed: return failed_by_system(report, "the service manager cannot be told");
  }
  return report;
}

}  // namespace

SaveReport save(std::span<const Owner> owners, const config::Config& conf, const gss::Clock& now, std::size_t most) {
  SaveReport report;
  std::vector<Pick> picks;
  for (const Owner& owner : owners)
    if (owner.contexts.size() > 0) picks.push_back(pick(owner, conf, now, report.left_out));
  std::erase_if(picks, [](const Pick& p) { return p.contexts.empty(); });
  if (picks.empty() && report.left_out == 0) return report;
  if (const Offer offer = offered(); offer != Offer::open) {
    report.outcome = offer == Offer::none ? Outcome::no_manager : Outcome::no_store;
    return report;
  }
  share_out(picks, most, now, report.left_out);
  report.guests = picks.size();
  std::size_t size = kAround - kSealedHeader - kSealedTag;
  for (const Pick& p : picks) {
    size += p.size;
    report.contexts += p.contexts.size();
  }
  report.bytes = kSealedHeader + size + kSealedTag;
  Key key;
  if (!key.fill()) return failed(report, "there is no randomness for a key");
  net::UniqueFd memory = make_memory();
  if (!memory) return failed_by_system(report, "there is no memory to keep them in");
  if (!write(picks, key, size, memory.get(), now)) return failed_by_system(report, "they cannot be written to memory");
  auto pipe = make_key_pipe(key);
  if (!pipe) return failed_by_system(report, "there is no pipe for the key");
  return give(report, std::move(memory), std::move(*pipe));
}

}  // namespace gatehouse::handover
