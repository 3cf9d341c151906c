#include "proxy/daemon/daemon.h"

#include <sys/resource.h>
#include <unistd.h>

#include "proxy/daemon/gateway.h"
#include "proxy/log/log.h"

namespace gatehouse::daemon {
namespace {

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
  if (!gateway.start()) return 1;
  gateway.serve();
  if (gateway.stop()) return 0;
  // A look-up that hangs cannot be interrupted, and nothing is left to be saved.
  log::Line(log::Level::warning, "acceptor-hangs")
      .add("hint", "the system's accounts or the keytab's file system do not answer: leaving without them")
      .write();
  ::_exit(0);
}

}  // namespace gatehouse::daemon
