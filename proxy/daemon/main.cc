// gatehoused: the gateway.
#include <CLI/CLI.hpp>
#include <iostream>

#include "proxy/config/config.h"
#include "proxy/daemon/daemon.h"
#include "proxy/log/log.h"

namespace {

constexpr int kUsage = 2;

using gatehouse::log::Level;
const std::map<std::string, Level> kLevels{
    {"debug", Level::debug}, {"info", Level::info}, {"warning", Level::warning}, {"error", Level::error}};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Gatehouse: an authentication gateway for ONC RPC between virtual machines and host services."};
  app.name("gatehoused");
  std::string file = "/etc/gatehouse/gatehouse.conf";
  bool check = false;
  bool print = false;
  Level level = Level::info;
  app.add_option("--config", file, "Configuration file; drop-ins are read from conf.d beside it")
      ->capture_default_str();
  app.add_flag("--check-config", check, "Check the configuration and exit: 0 when it is good, 2 when it is not");
  app.add_flag("--print-config", print, "Print the configuration in force, every default spelled out, and exit");
  app.add_option("--log-level", level, "debug, info, warning or error")->transform(CLI::CheckedTransformer(kLevels));
  app.set_version_flag("--version", std::string("gatehoused " GATEHOUSE_VERSION));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : kUsage;
  }

  auto conf = gatehouse::config::load(file);
  if (!conf) {
    for (const auto& p : conf.error()) std::cerr << p.str() << "\n";
    return kUsage;
  }
  for (const auto& w : conf->warnings) std::cerr << w.str() << "\n";
  if (print) {
    std::cout << gatehouse::config::print(*conf);
    return 0;
  }
  if (check) return 0;
  gatehouse::log::init(level);
  return gatehouse::daemon::run(file, std::move(*conf));
}
