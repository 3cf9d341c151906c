// gatehousectl: asks about the gateway. `check`, `explain` and `doctor` need no daemon, the others ask it.
#include <CLI/CLI.hpp>

#include <iostream>

#include "proxy/ctl/doctor/doctor.h"
#include "proxy/ctl/exit_status.h"
#include "proxy/ctl/remote.h"
#include "proxy/ctl/report.h"

namespace {

using namespace gatehouse;

using ctl::kDone, ctl::kError, ctl::kRefused;

constexpr const char* kDefaultConfig = "/etc/gatehouse/gatehouse.conf";

// The options as typed. Numbers are read by our own rules: CLI11 would take 010 for eight.
struct Options {
  std::string config = kDefaultConfig;
  bool json = false;
  ctl::Remote remote;
  std::string guest, cid, listener, port, sec = "sys", principal, uid, gid, gids, program, version, procedure;
  std::string user;
};

int fail(bool json, const std::string& error, std::span<const config::Problem> problems = {}) {
  if (json) std::cout << ctl::json_error(error, problems);
  if (problems.empty()) std::cerr << "gatehousectl: " << error << '\n';
  for (const config::Problem& p : problems) std::cerr << p.str() << '\n';
  return ctl::kError;
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
  return kDone;
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
  return answer->allowed ? kDone : kRefused;
}

int examine(const Options& o) {
  const doctor::Report report = doctor::examine(o.config, o.user, o.json);
  std::cout << report.text;
  return report.status;
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

// The subcommands that ask the daemon, in the order of the manual.
std::vector<CLI::App*> add_remotes(CLI::App& app, ctl::Remote& r) {
  std::vector<CLI::App*> out;
  const auto add = [&](const char* name, const char* description) {
    return out.emplace_back(app.add_subcommand(name, description));
  };
  const char* const only_guest = "Only of this guest";
  add("status", "Show how the daemon is: configuration in force, listeners, backends, totals, what it can do");
  add("guests", "List the guests and what they use");
  add("sessions", "List the connections")->add_option("--guest", r.guest, only_guest);
  add("contexts", "List the Kerberos contexts")->add_option("--guest", r.guest, only_guest);
  CLI::App* const evict = add("evict", "Close connections and retire Kerberos contexts");
  evict->add_option("--guest", r.guest, "All of this guest; with --principal: of this guest alone");
  evict->add_option("--session", r.session, "One connection, by its id in sessions");
  evict->add_option("--principal", r.principal, "The contexts of this principal, for example alice@EXAMPLE.COM");
  CLI::App* const drain =
      add("drain", "Finish the calls under way and end: the daemon, as by SIGTERM, or one guest's connections");
  drain->add_option("--guest", r.guest, "Close this guest's connections so, and take no new ones");
  drain->add_flag("--undo", r.undo, "With --guest: let it connect again");
  add("reload", "Put the configuration file into force, or say what is wrong with it");
  add("log-level", "Show the least level of lines that are logged, or set it")
      ->add_option("level", r.level, "debug, info, warning or error");
  CLI::App* const trace = add("trace", "Show the calls of a guest as they pass, without what is in them");
  trace->add_option("--guest", r.guest, "Whose calls");
  trace->add_option("--count", r.count, "End after so many calls");
  trace->add_option("--for", r.time, "End after this time, for example 30s or 5min");
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  CLI::App app("Asks about the gateway: its configuration and decisions, and the daemon that runs", "gatehousectl");
  app.add_option("--config", o.config, "Configuration file")->capture_default_str();
  app.add_option("--socket", o.remote.socket, "The daemon's admin socket; without: what the configuration says");
  app.add_flag("--json", o.json, "Print JSON");
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(
      "Exit status: 0 done, good or allowed, 1 refused or bad, 2 usage or configuration error, 3 no daemon, 4 no "
      "permission.\n");
  app.add_subcommand("check", "Check the configuration");
  CLI::App* explaining = app.add_subcommand("explain", "Show what would become of a call, by which rule, and as whom");
  add_explain_options(*explaining, o);
  CLI::App* examining = app.add_subcommand("doctor", "Look for what usually goes wrong, and say how to mend it");
  examining->add_option("--user", o.user,
                        "Who gatehoused runs as, by name or number [User= of the unit, or gatehouse]");
  examining->footer(doctor::check_list());
  const std::vector<CLI::App*> remotes = add_remotes(app, o.remote);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked_for_help) {
    return app.exit(asked_for_help);
  } catch (const CLI::ParseError& e) {
    return fail(o.json, std::string(e.what()) + " (gatehousectl --help shows the usage)");
  }
  for (const CLI::App* sub : remotes) {
    if (!sub->parsed()) continue;
    o.remote.command = sub->get_name();
    o.remote.config = o.config;
    o.remote.json = o.json;
    return ctl::run(o.remote, std::cout, std::cerr);
  }
  if (examining->parsed()) return examine(o);
  return explaining->parsed() ? explain(o) : check(o);
}
