// Contexts across a planned restart: saved when the daemon stops, restored when the next one starts.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "gss/contexts.h"
#include "proxy/config/config.h"
#include "proxy/handover/saved.h"
#include "proxy/handover/store.h"
#include "proxy/net/listen.h"

namespace gatehouse::handover {

/// Owner: a guest of the configuration in force and its contexts.
struct Owner {
  const policy::Guest& policy;
  gss::ContextTable& contexts;
};

/// SaveReport: what save() did.
struct SaveReport {
  enum class Outcome : std::uint8_t {
    nothing,     ///< there are no contexts
    no_manager,  ///< there is no service manager
    no_store,    ///< or it has no store
    kept,
    not_kept,  ///< error says why
  };
  Outcome outcome = Outcome::nothing;
  std::size_t guests = 0;    ///< with contexts that were saved
  std::size_t contexts = 0;  ///< that were saved
  std::size_t left_out = 0;  ///< beyond the bounds of a save; expired ones are not counted
  std::size_t bytes = 0;     ///< of sealed memory
  std::string error;
};

/// save: gives the contexts of all guests to the service manager's store, if there is one. Nobody may use a context any
/// more, in this process, from here on: what a context takes after this it would take again. `most` bounds the sealed
/// memory; where it is too little, no guest gets less than an equal share, and of a guest the contexts that were used
/// last are saved. `owners` are guests of `conf`.
SaveReport save(std::span<const Owner> owners, const config::Config& conf, const gss::Clock& now,
                std::size_t most = kMostSealed);

/// RestoreReport: what restore() did.
struct RestoreReport {
  enum class Outcome : std::uint8_t {
    nothing,  ///< nothing was in the store
    refused,  ///< what was there is not to be trusted or understood: error says why. No context was restored
    done,
  };
  Outcome outcome = Outcome::nothing;
  std::size_t guests = 0;    ///< with contexts that were restored
  std::size_t contexts = 0;  ///< that were restored
  /// Contexts that were saved, and were not restored, by reason:
  std::size_t expired = 0;
  std::size_t no_guest = 0;   ///< no guest is called so any more
  std::size_t other = 0;      ///< the guest's identity is another one
  std::size_t untrusted = 0;  ///< the guest has lost its trust
  std::size_t not_allowed =
      0;  ///< its principal is not in the guest's `principals`, or another [[principal]] rule maps it
  std::size_t over_cap = 0;  ///< beyond limits.contexts: those that were used longest ago
  std::string error;
};

/// restore: takes what came back from the store out of `passed` and out of the store, whatever it is, and gives each
/// guest of `owners`, guests of `conf`, the contexts that are still its own. `threads` as Context::restore has it.
/// Before anything serves.
RestoreReport restore(std::vector<net::PassedSocket>& passed, std::span<const Owner> owners, const config::Config& conf,
                      const gss::Clock& now, std::size_t threads);

/// install: the part of restore() that decides. Consumes `saved`.
RestoreReport install(Saved saved, std::span<const Owner> owners, const config::Config& conf, const gss::Clock& now,
                      std::size_t threads);

/// log: one line about what was done; none when there was nothing to do.
void log(const SaveReport& report);
void log(const RestoreReport& report);

}  // namespace gatehouse::handover
