#include "proxy/daemon/tokens.h"

#include <algorithm>
#include <thread>

namespace gatehouse::daemon {
namespace {

// Accepting computes little and waits for a directory or gssproxy at times: some threads even on one core.
constexpr std::size_t kFewestAcceptors = 4;
constexpr std::size_t kMostAcceptors = 16;
// Tokens that may wait in all; each guest's are bounded by limits.nascent_contexts.
constexpr std::size_t kMostTokens = 4096;

bool speaks_kerberos(const config::Config& c) {
  return std::ranges::any_of(c.guests, [](const policy::Guest& g) {
    return g.sec.has_kerberos() ||
           std::ranges::any_of(g.sec_by_program, [](const auto& p) { return p.second.has_kerberos(); });
  });
}

}  // namespace

std::shared_ptr<offload::AcceptPool> make_tokens(const config::Config& c, std::size_t workers) {
  if (!speaks_kerberos(c)) return nullptr;
  const config::Kerberos& k = c.kerberos;
  const std::size_t threads =
      std::clamp<std::size_t>(std::thread::hardware_concurrency(), kFewestAcceptors, kMostAcceptors);
  auto acceptor = k.acceptor == config::Kerberos::Acceptor::keytab
                      ? gss::make_keytab_acceptor(k.keytab, k.service, k.replay_cache)
                      : gss::make_gssproxy_acceptor(k.gssproxy_socket, k.service, threads);
  return std::make_shared<offload::AcceptPool>(
      std::move(acceptor), std::make_unique<gss::Mapper>(c.principals, k.id_cache),
      offload::AcceptPool::Terms{k.accept_timeout, k.context_lifetime, k.sequence_window, workers + 1}, threads,
      kMostTokens);
}

bool same_tokens(const config::Config& a, const config::Config& b) {
  return speaks_kerberos(a) == speaks_kerberos(b) && a.kerberos == b.kerberos && a.principals == b.principals;
}

}  // namespace gatehouse::daemon
