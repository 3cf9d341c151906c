// gatehouse-guest: the relay inside a virtual machine. docs/operations/guests.md.
#include <sys/resource.h>

#include <cstdio>

#include "guest/relay/log.h"
#include "guest/relay/options.h"
#include "guest/relay/relay.h"
#include "guest/relay/service_manager.h"

namespace {

using namespace gatehouse;
using namespace gatehouse::guest;

constexpr int kUsage = 2;
constexpr int kSystem = 1;

int complain(const std::string& what, int status) {
  std::fprintf(stderr, "gatehouse-guest: %s\n", what.c_str());
  return status;
}

// Two sockets a connection, the pipes, and what the program itself has open.
bool raise_descriptor_limit(std::size_t connections) {
  const rlim_t need = 2 * connections + 128;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= need) return true;
  limit.rlim_cur = need;
  if (limit.rlim_max < need) limit.rlim_max = need;
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

std::expected<std::vector<Listener>, std::string> listeners(const Options& options, std::vector<net::UniqueFd> passed) {
  std::vector<Listener> out;
  for (auto& fd : passed) {
    auto adopted = adopt_listener(std::move(fd));
    if (!adopted) return std::unexpected(adopted.error());
    out.push_back(std::move(*adopted));
  }
  if (options.listen) {
    auto opened = open_listener(*options.listen);
    if (!opened) return std::unexpected(opened.error());
    out.push_back(std::move(*opened));
  }
  if (out.empty())
    return std::unexpected("nothing to listen on: write --listen 127.0.0.1:2049, or start it by a .socket unit");
  return out;
}

void ready() {
  log::Line(log::Level::info, "ready").write();
  notify("READY=1");
}

int serve(const Options& options, std::vector<Listener> from) {
  Relay relay(options.to, options.max_connections);
  if (!options.in_use_lock.empty()) relay.exit_when_unused(options.in_use_lock, from.front().port);
  for (Listener& listener : from) {
    log::Line(log::Level::info, "listening").add("address", listener.address).add("to", format(options.to)).write();
    relay.add(std::move(listener));
  }
  if (const auto start = first_unprivileged_port(); start < kReservedPorts)
    log::Line(log::Level::warning, "ports-not-reserved")
        .add("ip_unprivileged_port_start", start)
        .add("do",
             "any user may bind ports from there on, so callers on them are ordinary ones: "
             "sysctl net.ipv4.ip_unprivileged_port_start=1024")
        .write();
  const auto ran = relay.run(ready);
  notify("STOPPING=1");
  return ran ? 0 : complain(ran.error(), kSystem);
}

}  // namespace

int main(int argc, char** argv) {
  auto passed = passed_sockets();
  const auto options = parse_options({argv + 1, argv + argc});
  if (!options) return complain(options.error(), kUsage);
  if (options->what == Options::Do::help) return std::fputs(usage().c_str(), stdout) < 0 ? kSystem : 0;
  if (options->what == Options::Do::version) return std::puts("gatehouse-guest " GATEHOUSE_VERSION) < 0 ? kSystem : 0;
  if (options->syslog) log::to_syslog("gatehouse-guest");
  if (!raise_descriptor_limit(options->max_connections))
    return complain("--max-connections: the limit of open files (ulimit -Hn) is too low for that many", kSystem);
  auto from = listeners(*options, std::move(passed));
  if (!from) return complain(from.error(), kSystem);
  return serve(*options, std::move(*from));
}
