#pragma once

#include <memory>
#include <optional>

#include "tests/bench/args.h"
#include "tests/bench/churn.h"
#include "tests/bench/gss_pool.h"
#include "tests/bench/load_run.h"

namespace gatehouse::bench {

// Security is what the connections of a run identify themselves with: nothing for AUTH_SYS; for RPCSEC_GSS contexts
// that are established before the run, or tokens for churn. Outlives the run.
class Security {
 public:
  // prepare reads --sec and what belongs to it, makes contexts or tokens, and gives the plan its dialects.
  static std::expected<std::unique_ptr<Security>, std::string> prepare(const Args& args, bool churn, Plan& plan);

  // finish destroys the contexts, so that the next run finds what this one found.
  std::expected<void, std::string> finish(const Plan& plan);

  // describe returns JSON members, each after a comma: the flavor, the key's encryption type, the number of contexts.
  std::string describe() const;

 private:
  std::expected<void, std::string> prepare_gss(const Args& args, Plan& plan, Service service);

  std::string sec_;
  std::unique_ptr<Initiator> initiator_;
  std::optional<GssPool> pool_;
  std::optional<Tokens> tokens_;
};

}  // namespace gatehouse::bench
