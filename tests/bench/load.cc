// bench_load: AUTH_SYS or RPCSEC_GSS calls over stream sockets, every reply verified; prints one line of JSON.
//   bench_load --socket PATH --mode 1x1|16x1|16x8|16x8b|1000x1|read|write|idle|churn [--seconds S | --calls N]
//              [--pid PID] [--warm-up S] [--connections N] [--depth N] [--batch N] [--size BYTES]
//              [--compound 4|3] [--sec sys|krb5|krb5i|krb5p [--service NAME@HOST] [--contexts N [--used N]] [--sample
//              N] [--tokens N]]
// --compound: small calls are COMPOUNDs of NFSv4.2, sent as that version: 3 is for comparing, nobody looks into it.
// Each call has a send of its own, as NFS clients do it, unless --batch (mode 16x8b: 8) lets calls share one.
// The CPU time of PID (all threads) is read at the begin and the end of the steady part. A wrong reply: exit status 1.
// Contexts (one a connection, unless --contexts) are established through the same socket with the tickets of
// KRB5CCNAME;
// --used: how many of them carry calls. Every verifier is checked; bulk results of krb5i and krb5p in one of --sample
// replies (4). Mode churn creates contexts and destroys them, from --tokens tokens that are made before.

#include <array>
#include <cstdio>
#include <optional>
#include <string>

#include "tests/bench/args.h"
#include "tests/bench/compound.h"
#include "tests/bench/load_run.h"
#include "tests/bench/load_security.h"
#include "tests/bench/process.h"

namespace gatehouse::bench {
namespace {

struct Mode {
  std::string_view name;
  std::uint32_t connections;
  std::uint32_t depth;
  std::uint32_t batch;
  Procedure procedure;
};

constexpr std::array<Mode, 9> kModes{{{"1x1", 1, 1, 1, Procedure::getattr},
                                      {"16x1", 16, 1, 1, Procedure::getattr},
                                      {"16x8", 16, 8, 1, Procedure::getattr},
                                      {"16x8b", 16, 8, 8, Procedure::getattr},
                                      {"1000x1", 1000, 1, 1, Procedure::getattr},
                                      {"read", 4, 2, 1, Procedure::read},
                                      {"write", 4, 2, 1, Procedure::write},
                                      {"idle", 1000, 1, 1, Procedure::getattr},
                                      {"churn", 16, 1, 1, Procedure::null}}};

constexpr std::array<std::string_view, 17> kOptions{
    "--socket", "--mode", "--seconds", "--calls",    "--pid",  "--warm-up", "--connections", "--depth",   "--batch",
    "--size",   "--sec",  "--service", "--contexts", "--used", "--sample",  "--tokens",      "--compound"};

int fail(const std::string& why) {
  std::fprintf(stderr, "bench_load: %s\n", why.c_str());
  return 1;
}

std::optional<Mode> find_mode(std::string_view name) {
  for (const Mode& mode : kModes) {
    if (mode.name == name) return mode;
  }
  return std::nullopt;
}

std::expected<Plan, std::string> make_plan(const Args& args, const Mode& mode) {
  const auto target = parse_address(args.text("--socket", ""));
  const auto connections = args.number("--connections", mode.connections, 1, 100000);
  const auto depth = args.number("--depth", mode.depth, 1, 256);
  const auto batch = args.number("--batch", mode.batch, 1, 256);
  const auto size = args.number("--size", 1 << 20, 8, kMaxPayload);
  const auto calls = args.number("--calls", 0, 1, 1ULL << 40);
  const auto pid = args.number("--pid", 0, 1, 1 << 22);
  const auto duration = args.seconds("--seconds", 1.0);
  const auto warm_up = args.seconds("--warm-up", 0.3);
  if (!target) return std::unexpected("--socket: " + target.error());
  for (const auto* value : {&connections, &depth, &batch, &size, &calls, &pid, &duration, &warm_up}) {
    if (!*value) return std::unexpected(value->error());
  }
  if (*size % 8 != 0) return std::unexpected("--size must be a multiple of 8");
  if (args.has("--calls") && args.has("--seconds")) return std::unexpected("give --calls or --seconds, not both");
  Plan plan;
  plan.target = *target;
  plan.connections = static_cast<std::uint32_t>(*connections);
  plan.work.procedure = mode.procedure;
  plan.work.depth = static_cast<std::uint32_t>(*depth);
  plan.work.batch = static_cast<std::uint32_t>(*batch);
  const bool bulk = mode.procedure == Procedure::read || mode.procedure == Procedure::write;
  plan.work.payload = bulk ? static_cast<std::uint32_t>(*size) : 0;
  plan.calls = *calls;
  plan.duration = *duration;
  plan.warm_up = *warm_up;
  plan.pid = static_cast<pid_t>(*pid);
  return plan;
}

// --compound VERSION: small calls by AUTH_SYS as COMPOUNDs, with the handle that the server shows.
std::expected<void, std::string> prepare_compound(const Args& args, const Mode& mode, Plan& plan) {
  const auto version = args.number("--compound", 0, kVersion, kCompoundVersion);
  if (!version) return std::unexpected(version.error());
  if (*version == 0) return {};
  if (mode.procedure != Procedure::getattr || args.text("--sec", "sys") != "sys")
    return std::unexpected("--compound is for the modes of small calls, with --sec sys");
  plan.work.compound_version = static_cast<std::uint32_t>(*version);
  auto handle = learn_handle(plan.target, plan.work.compound_version);
  if (!handle) return std::unexpected("asking for a file handle: " + handle.error());
  plan.work.handle = std::move(*handle);
  return {};
}

void print_steady(const Mode& mode, const Plan& plan, const Security& security, const Measured& measured) {
  const double seconds = static_cast<double>(measured.wall) / 1e9;
  const double calls = static_cast<double>(measured.calls);
  const double bytes = calls * plan.work.payload;
  std::printf("{\"mode\": \"%.*s\", \"connections\": %u, \"depth\": %u, \"calls\": %llu, \"seconds\": %.4f",
              static_cast<int>(mode.name.size()), mode.name.data(), plan.connections, plan.work.depth,
              static_cast<unsigned long long>(measured.calls), seconds);
  std::printf("%s", security.describe().c_str());
  std::printf(", \"calls_per_s\": %.0f, \"p50_us\": %.1f, \"p99_us\": %.1f", calls / seconds,
              static_cast<double>(measured.latency.quantile(0.5)) / 1e3,
              static_cast<double>(measured.latency.quantile(0.99)) / 1e3);
  if (bytes > 0) std::printf(", \"mb_per_s\": %.1f", bytes / 1e6 / seconds);
  if (plan.pid > 0) {
    const double cpu = static_cast<double>(measured.cpu);
    std::printf(", \"cpu_us_per_call\": %.4f, \"cpu_share\": %.3f", cpu / 1e3 / calls,
                cpu / static_cast<double>(measured.wall));
    if (mode.name == "churn") std::printf(", \"contexts_per_cpu_s\": %.0f", calls / 2 / (cpu / 1e9));
    if (bytes > 0) std::printf(", \"mb_per_cpu_s\": %.1f", bytes / 1e6 / (cpu / 1e9));
    if (bytes > 0) std::printf(", \"cpu_s_per_gib\": %.4f", cpu / 1e9 / (bytes / static_cast<double>(1 << 30)));
  }
  std::printf("}\n");
}

int run_steady(const Mode& mode, const Plan& plan, Security& security) {
  LoadRun run(plan);
  const auto measured = run.steady();
  if (!measured) return fail(measured.error());
  if (measured->calls == 0) return fail("no call was completed in the measured time; give more --seconds");
  if (auto finished = security.finish(plan); !finished) return fail(finished.error());
  print_steady(mode, plan, security, *measured);
  return 0;
}

// The first connection is there before the memory is read: what a relay allocates once is not charged to connections.
int run_idle(const Plan& plan) {
  if (plan.pid <= 0) return fail("--mode idle needs --pid");
  LoadRun run(plan);
  if (auto done = run.one_call_each(1); !done) return fail(done.error());
  const auto before = private_dirty(plan.pid);
  if (!before) return fail(before.error());
  if (auto done = run.one_call_each(plan.connections); !done) return fail(done.error());
  const auto after = private_dirty(plan.pid);
  if (!after) return fail(after.error());
  const double grown = static_cast<double>(*after) - static_cast<double>(*before);
  std::printf("{\"mode\": \"idle\", \"connections\": %u, \"private_dirty_before\": %llu, \"private_dirty_after\": %llu",
              plan.connections, static_cast<unsigned long long>(*before), static_cast<unsigned long long>(*after));
  std::printf(", \"bytes_per_connection\": %.0f}\n", grown / plan.connections);
  return 0;
}

int main_of_load(int argc, char** argv) {
  const auto args = Args::parse(argc, argv, kOptions);
  if (!args) return fail(args.error());
  const auto mode = find_mode(args->text("--mode", ""));
  if (!mode) return fail("--mode is one of 1x1, 16x1, 16x8, 16x8b, 1000x1, read, write, idle, churn");
  auto plan = make_plan(*args, *mode);
  if (!plan) return fail(plan.error());
  if (auto made = prepare_compound(*args, *mode, *plan); !made) return fail(made.error());
  raise_descriptor_limit();
  const auto security = Security::prepare(*args, mode->name == "churn", *plan);
  if (!security) return fail(security.error());
  return mode->name == "idle" ? run_idle(*plan) : run_steady(*mode, *plan, **security);
}

}  // namespace
}  // namespace gatehouse::bench

int main(int argc, char** argv) {
  return gatehouse::bench::main_of_load(argc, argv);
}
