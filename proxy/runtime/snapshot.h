// One configuration in force, and the change from it to the next.
#pragma once

#include <atomic>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proxy/config/config.h"
#include "proxy/runtime/backend_state.h"
#include "proxy/runtime/generations.h"
#include "proxy/runtime/guest_index.h"
#include "proxy/runtime/guest_state.h"

namespace gatehouse::offload {
class AcceptPool;
}

namespace gatehouse::runtime {

/// Snapshot: one configuration in force, with the states of what it names. Immutable, but for what the states count;
/// safe for all threads, which keep it alive as long as they look at it.
struct Snapshot {
  explicit Snapshot(config::Config c) : conf(std::move(c)), index(conf.guests), listening(conf.listeners.size()) {}

  const config::Config conf;
  const GuestIndex index;
  std::uint64_t number = 1;                                  ///< 1: of the start; one more at each reload
  std::vector<std::shared_ptr<GuestState>> guests;           ///< as conf.guests
  std::vector<std::shared_ptr<const GuestPolicy>> policies;  ///< as conf.guests
  std::vector<std::shared_ptr<BackendState>> backends;       ///< as conf.backends
  std::shared_ptr<offload::AcceptPool> tokens;               ///< null: nobody may use Kerberos
  mutable std::vector<std::atomic<bool>> listening;          ///< as conf.listeners: connections are taken there
};

/// Change: the next snapshot, and where the places of the one before are in it.
struct Change {
  std::shared_ptr<Snapshot> next;
  // By index in the snapshot before; nothing: it is not there any more, or not the same.
  std::vector<std::optional<std::uint16_t>> listeners;
  std::vector<std::optional<std::uint16_t>> backends;
  std::vector<std::optional<std::uint32_t>> guests;
  std::vector<std::string> added, removed, replaced, changed;  ///< guests by name, for people
  std::vector<std::string> went;  ///< names whose VM is not there any more, or is another: for Generations
};

/// Ground: what every snapshot of this process is made with.
struct Ground {
  std::size_t threads = 1;  ///< workers, and the acceptor
  rpc::Bytes secret;        ///< as GuestNfs wants it
};

/// make_snapshot: the first one. An error: OpenSSL derives no keys.
std::expected<std::shared_ptr<Snapshot>, std::string> make_snapshot(config::Config conf, const Ground& ground,
                                                                    const Generations& generations);

/// make_change: from `before` to what `conf` says. The state of a guest is carried over when its name and uuid, the
/// listeners, CID, interface and uid that it is known by, and its trust (unless it is gained) are what they were; else
/// it begins anew, and a name whose guest went has the next generation. Nothing of `before` is touched: apply() does
/// that, and the caller raises `generations` by Change::went.
std::expected<Change, std::string> make_change(const Snapshot& before, config::Config conf, const Ground& ground,
                                               const Generations& generations);

/// apply: the limits of `next` come into force for the states that it has from the snapshot before.
void apply(const Snapshot& next);

/// retire_contexts: the contexts of guests that are not carried over, and of those that are, the ones of principals
/// that `change` allows no more, or maps by another rule. Returns how many; `ended` is told of each.
std::size_t retire_contexts(const Snapshot& before, const Change& change,
                            const std::function<void(const GuestState&, const gss::Context&)>& ended = {});

/// context_stands: whether a context with this identity would be made for the guest of `policy` under `rules` as well.
bool context_stands(const gss::Identity& identity, const policy::Guest& guest,
                    const std::vector<gss::PrincipalRule>& rules);

}  // namespace gatehouse::runtime
