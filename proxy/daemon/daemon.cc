#include "proxy/daemon/daemon.h"

#include <sys/resource.h>
#include <unistd.h>

#include "proxy/daemon/gateway.h"
#include "proxy/log/log.h"

namespace gatehouse::daemon {
namespace {

// For the last lines, where nobody takes them.
constexpr std::chrono::seconds kLogPatience{1};

// Every connection and every link is a descriptor: take what the host allows.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int run(std::filesystem::path file, config::Config conf) {
  raise_descriptor_limit();
  Gateway gateway(std::move(file), std::move(conf));
  const bool started = gateway.start();
  if (started) gateway.serve();
  const bool ended = !started || gateway.stop();
  const int status = started ? 0 : 1;
  if (log::settle(kLogPatience) && ended) return status;
  // What hangs cannot be interrupted, and nothing is left to be saved.
  ::_exit(status);
}

}  // namespace gatehouse::daemon
