#include "tests/bench/load_security.h"

#include <array>

#include "tests/bench/gss_data.h"

namespace gatehouse::bench {
namespace {

struct Sec {
  std::string_view name;
  Service service;
};

constexpr std::array<Sec, 3> kGssSecs{
    {{"krb5", Service::none}, {"krb5i", Service::integrity}, {"krb5p", Service::privacy}}};

// Opening a MiB takes a client as long as sealing it takes what is measured; a fault would show in any of them.
constexpr std::uint32_t kBulkSample = 4;
constexpr std::uint64_t kMostContexts = 1 << 20;

}  // namespace

std::expected<std::unique_ptr<Security>, std::string> Security::prepare(const Args& args, bool churn, Plan& plan) {
  auto security = std::make_unique<Security>();
  security->sec_ = args.text("--sec", churn ? "krb5" : "sys");
  if (security->sec_ == "sys" && !churn) {
    plan.dialect = [&work = plan.work](std::size_t /*index*/) { return make_auth_sys(work); };
    return security;
  }
  auto initiator = Initiator::make(args.text("--service", "nfs@localhost"));
  if (!initiator) return std::unexpected(initiator.error());
  security->initiator_ = std::move(*initiator);
  if (churn) {
    const auto count = args.number("--tokens", 4000, 1, kMostContexts);
    if (!count) return std::unexpected(count.error());
    auto tokens = Tokens::make(*security->initiator_, *count);
    if (!tokens) return std::unexpected(tokens.error());
    security->tokens_ = std::move(*tokens);
    plan.dialect = [&work = plan.work, &tokens = *security->tokens_](std::size_t /*index*/) {
      return make_churn(work, tokens);
    };
    return security;
  }
  for (const Sec& known : kGssSecs) {
    if (known.name != security->sec_) continue;
    if (auto done = security->prepare_gss(args, plan, known.service); !done) return std::unexpected(done.error());
    return security;
  }
  return std::unexpected("--sec is one of sys, krb5, krb5i, krb5p");
}

std::expected<void, std::string> Security::prepare_gss(const Args& args, Plan& plan, Service service) {
  const auto count = args.number("--contexts", plan.connections, 1, kMostContexts);
  if (!count) return std::unexpected(count.error());
  const auto used = args.number("--used", *count, 1, *count);
  const auto sample = args.number("--sample", plan.work.payload > 0 ? kBulkSample : 1, 1, kMostContexts);
  if (!used || !sample) return std::unexpected(!used ? used.error() : sample.error());
  auto pool = GssPool::establish(plan.target, *initiator_, *count, *used);
  if (!pool) return std::unexpected("establishing the contexts: " + pool.error());
  pool_ = std::move(*pool);
  plan.dialect = [this, &plan, service, every = static_cast<std::uint32_t>(*sample)](std::size_t index) {
    return make_gss_data(plan.work, service, *pool_, index, plan.connections, every);
  };
  return {};
}

std::expected<void, std::string> Security::finish(const Plan& plan) {
  if (!pool_) return {};
  auto done = pool_->destroy(plan.target);
  return done ? done : std::unexpected("destroying the contexts: " + done.error());
}

std::string Security::describe() const {
  std::string text = ", \"sec\": \"" + sec_ + "\"";
  if (pool_)
    text += ", \"enctype\": " + std::to_string(pool_->enctype()) + ", \"contexts\": " + std::to_string(pool_->size());
  return text;
}

}  // namespace gatehouse::bench
