// gatehousectl: asks about the gateway. `check` and `explain` need no daemon.
#include <CLI/CLI.hpp>

#include <iostream>

#include "proxy/ctl/report.h"

namespace {

using namespace gatehouse;

// Exit statuses, an interface: scripts and the manual name them.
constexpr int kAllowed = 0;
constexpr int kRefused = 1;
constexpr int kError = 2;

constexpr const char* kDefaultConfig = "/etc/gatehouse/gatehouse.conf";

// The options as typed. Numbers are read by our own rules: CLI11 would take 010 for eight.
struct Options {
  std::string config = kDefaultConfig;
  bool json = false;
  std::string guest, cid, listener, port, sec = "sys", principal, uid, gid, gids, program, version, procedure;
};

int fail(bool json, const std::string& error, std::span<const config::Problem> problems = {}) {
  if (json) std::cout << ctl::json_error(error, problems);
  if (problems.empty()) std::cerr << "gatehousectl: " << error << '\n';
  for (const config::Problem& p : problems) std::cerr << p.str() << '\n';
  return kError;
}

// Configuration that did not load, said and turned into the exit status.
int fail(const Options& o, const std::vector<config::Problem>& problems) {
  return fail(
      o.json,
      "the configuration has " + std::to_string(problems.size()) + (problems.size() == 1 ? " error" : " errors"),
      problems);
}

int check(const Options& o) {
  const auto conf = config::load(o.config);
  if (!conf) return fail(o, conf.error());
  for (const config::Problem& w : conf->warnings) std::cerr << w.str() << " (warning)\n";
  if (o.json)
    std::cout << ctl::json_check(*conf);
  else
    std::cout << o.config << " is good: " << conf->listeners.size() << " listeners, " << conf->backends.size()
              << " backends, " << conf->guests.size() << " guests, " << conf->principals.size() << " principal rules\n";
  return kAllowed;
}

std::expected<ctl::Question, std::string> question(const Options& o) {
  ctl::Question q;
  if (o.guest.empty() == o.cid.empty()) return std::unexpected("say who calls: either --guest NAME or --cid CID");
  if (!o.listener.empty() && o.cid.empty()) return std::unexpected("--listener goes with --cid");
  for (const auto& [option, value] :
       {std::pair("--program", &o.program), {"--version", &o.version}, {"--procedure", &o.procedure}})
    if (value->empty())
      return std::unexpected(std::string(option) +
                             " is missing: say what is called, for example --program nfs "
                             "--version 4 --procedure compound");
  if (!o.principal.empty() && !(o.uid + o.gid + o.gids).empty())
    return std::unexpected("--uid, --gid and --gids are claims of AUTH_SYS: leave them out beside --principal");
  std::string error;
  const auto number = [&](std::string_view option, const std::string& text) {
    const auto n = ctl::parse_number(option, text);
    if (!n && error.empty()) error = n.error();
    return n.value_or(0);
  };
  q.guest = o.guest;
  q.listener = o.listener;
  if (!o.cid.empty()) q.cid = number("--cid", o.cid);
  if (!o.port.empty()) q.port = number("--port", o.port);
  q.claim.sec = o.sec;
  q.claim.principal = o.principal;
  if (!o.uid.empty()) q.claim.uid = number("--uid", o.uid);
  if (!o.gid.empty()) q.claim.gid = number("--gid", o.gid);
  q.claim.program = o.program;
  q.claim.version = number("--version", o.version);
  q.claim.procedure = o.procedure;
  auto gids = ctl::parse_numbers("--gids", o.gids);
  if (!gids && error.empty()) error = gids.error();
  if (!error.empty()) return std::unexpected(error);
  q.claim.gids = *std::move(gids);
  return q;
}

int explain(const Options& o) {
  const auto q = question(o);
  if (!q) return fail(o.json, q.error());
  const auto conf = config::load(o.config);
  if (!conf) return fail(o, conf.error());
  const auto answer = ctl::explain(*conf, *q);
  if (!answer) return fail(o.json, answer.error());
  std::cout << (o.json ? ctl::json(*answer) : ctl::text(*answer));
  return answer->allowed ? kAllowed : kRefused;
}

void add_explain_options(CLI::App& sub, Options& o) {
  sub.add_option("--guest", o.guest, "The guest that calls, by name");
  sub.add_option("--cid", o.cid, "The guest that calls, by its CID");
  sub.add_option("--listener", o.listener, "With --cid: the listener it comes in by, where that matters");
  sub.add_option("--port", o.port, "Its source port; without: an unprivileged one");
  sub.add_option("--sec", o.sec, "Flavor: none, sys, krb5, krb5i, krb5p, tls, short or dh")->capture_default_str();
  sub.add_option("--principal", o.principal, "With krb5, krb5i, krb5p: who calls, for example alice@EXAMPLE.COM");
  sub.add_option("--uid", o.uid, "User id it claims [0]");
  sub.add_option("--gid", o.gid, "Group id it claims [0]");
  sub.add_option("--gids", o.gids, "Further group ids it claims, with commas between");
  sub.add_option("--program", o.program, "Program it calls: a name such as nfs, or a number");
  sub.add_option("--version", o.version, "Version of the program");
  sub.add_option("--procedure", o.procedure, "Procedure it calls: a name such as getattr, or a number");
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  CLI::App app("Asks about the gateway's configuration and decisions", "gatehousectl");
  app.add_option("--config", o.config, "Configuration file")->capture_default_str();
  app.add_flag("--json", o.json, "Print JSON");
  app.require_subcommand(1);
  app.fallthrough();
  app.footer("Exit status: 0 good or allowed, 1 refused, 2 error.\n");
  app.add_subcommand("check", "Check the configuration");
  CLI::App* explaining = app.add_subcommand("explain", "Show what would become of a call, by which rule, and as whom");
  add_explain_options(*explaining, o);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked_for_help) {
    return app.exit(asked_for_help);
  } catch (const CLI::ParseError& e) {
    return fail(o.json, std::string(e.what()) + " (gatehousectl --help shows the usage)");
  }
  return explaining->parsed() ? explain(o) : check(o);
}
