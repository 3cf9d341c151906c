#!/usr/bin/python3
"""Compare a direct connection, haproxy, a plain relay and Gatehouse, interleaved; and Gatehouse's Kerberos with its own
AUTH_SYS, OpenSSL and libgssapi. Prints markdown tables."""

from __future__ import annotations

import argparse
import json
import platform
import re
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import guests
import kerberos
import nfs4
import report
import report_kerberos
import seen
from programs import BenchError, Relay, Starter, find_haproxy, pinned
from tickets import Tickets

ROOT = Path(__file__).resolve().parents[2]
MODES = ("1x1", "16x1", "16x8", "16x8b", "1000x1", "read", "write", "idle")
IDLE_CONNECTIONS = 1000


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=ROOT / "build/release", help="build directory of the tools")
    parser.add_argument("--gatehouse", type=Path, help="gatehoused to measure (default: BUILD/proxy/gatehoused)")
    parser.add_argument("--without-gatehouse", action="store_true", help="measure only what it is compared with")
    parser.add_argument("--tools", type=Path, help="directory of the bench programs (default: BUILD/tests/bench)")
    parser.add_argument("--modes", default=",".join(MODES), help='of AUTH_SYS, comma-separated; "": none (default: %(default)s)')
    parser.add_argument("--kerberos", default="*", metavar="PATTERN",
                        help='which cases of the Kerberos part, e.g. "16x8*"; "": none (default: all)')
    parser.add_argument("--nfs4", action=argparse.BooleanOptionalAction, default=True, help="the NFSv4 part (default: measured)")
    parser.add_argument("--guests", action=argparse.BooleanOptionalAction, default=True, help="the part about many guests (default: measured)")
    parser.add_argument("--seen", action=argparse.BooleanOptionalAction, default=True,
                        help="the part about metrics and the audit log (default: measured)")
    parser.add_argument("--rounds", type=int, default=7, help="rounds (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=1.0, help="measured part of one sample (default: %(default)s)")
    parser.add_argument("--pin", action="store_true", help="relays on core 1, their peers on core 0: less noise")
    parser.add_argument("--write", type=Path, help="replace the table between the markers of this file")
    parser.add_argument("--json", type=Path, help="write every sample to this file")
    return parser.parse_args()


def load(starter: Starter, mode: str, relay: Relay, options: list[str]) -> report.Sample:
    command = pinned(starter.core_of("load"), [starter.tools / "bench_load", "--mode", mode, "--socket", relay.socket,
                                               "--pid", str(relay.pid), *options])
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        log = relay.socket.with_name(f"{relay.name}.log").read_text(errors="replace")[-2000:]
        raise BenchError(f"mode {mode} through {relay.name}: {done.stderr.strip()}\nlog of {relay.name}:\n{log}")
    sample: report.Sample = json.loads(done.stdout)
    return sample


def names_for(mode: str, with_gatehouse: bool) -> list[str]:
    names = ["direct", "relay", "haproxy"]
    if mode in report.BULK_MODES:
        names.append("haproxy-splice")
    if mode == "idle":
        names.remove("direct")
    return names + ["gatehouse"] * with_gatehouse


def measure_idle(starter: Starter, names: list[str], results: report.Results) -> None:
    """Each relay anew: memory that earlier load left behind would hide what connections take."""
    for name in names:
        relay = starter.start(name)
        try:
            results.add("idle", name, load(starter, "idle", relay, ["--connections", str(IDLE_CONNECTIONS)]))
        finally:
            relay.stop()


def measure_modes(starter: Starter, options: argparse.Namespace, modes: list[str], number: int, results: report.Results,
                  relays: dict[str, Relay]) -> None:
    """One round of the AUTH_SYS part."""
    for mode in modes:
        names = names_for(mode, starter.gatehouse is not None)
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            if name not in relays:
                relays[name] = starter.start(name)
            sample = load(starter, mode, relays[name], ["--seconds", str(options.seconds)])
            results.add(mode, name, sample)


def measure_cases(starter: Starter, options: argparse.Namespace, cases: list[kerberos.Case], tickets: Tickets,
                  results: report.Results, relays: dict[str, Relay]) -> None:
    """One round of the Kerberos part."""
    for case in cases:
        relay = None
        if case.program == "bench_load":
            if case.relay not in relays:
                relays[case.relay] = starter.start(case.relay)
            relay = relays[case.relay]
        command = kerberos.command_of(case, starter, relay, options.seconds)
        results.add(case.key, case.relay, kerberos.sample_of(case, command, tickets.clients[case.digest]))


def measure_guests(starter: Starter, options: argparse.Namespace, number: int, results: report.Results, relays: dict[str, Relay]) -> None:
    """One round of the part about many guests."""
    few, many = guests.name_of(guests.FEW), guests.name_of(guests.MANY)
    if few not in relays:
        relays[few] = starter.start(few)
        relays[many] = guests.measure_start(starter, results)
    guests.measure_reload(starter, relays[many], "all" if number % 2 == 0 else "root", results)
    for name in (few, many):
        results.add(guests.KEY, name, load(starter, guests.MODE, relays[name], ["--seconds", str(options.seconds)]))


def conditions(options: argparse.Namespace) -> str:
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    cores = len(re.findall(r"^processor", Path("/proc/cpuinfo").read_text(), re.M))
    said = subprocess.run([find_haproxy(), "-v"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"version (\S+)", said)
    return (f"{date.today().isoformat()}: {options.rounds} rounds of {options.seconds:g} s a sample, interleaved{', pinned' if options.pin else ''}; "
            f"{cpu.group(1).strip() if cpu else platform.machine()}, {cores} cores, Linux {platform.release()}, "
            f"haproxy {version.group(1) if version else 'of unknown version'}.")


def gatehouse_path(options: argparse.Namespace) -> Path | None:
    if options.without_gatehouse:
        return None
    path: Path = options.gatehouse or options.build / "proxy/gatehoused"
    if not path.is_file():
        raise BenchError(f"{path} is not there: build it (cmake --build --preset release), name another with "
                         "--gatehouse, or give --without-gatehouse")
    return path.resolve()


def measure(options: argparse.Namespace, modes: list[str], cases: list[kerberos.Case], starter: Starter,
            stack: ExitStack) -> report.Results:
    results = report.Results()
    compounds = nfs4.all_cases() if options.nfs4 and starter.gatehouse else []
    relays: dict[str, Relay] = {}
    stack.callback(lambda: [relay.stop() for relay in relays.values()])
    relays["direct"] = starter.start("direct")
    if "idle" in modes:
        measure_idle(starter, names_for("idle", starter.gatehouse is not None), results)
    if cases:
        tickets = Tickets(starter.scratch / "realm")
        stack.callback(tickets.stop)
        starter.keytab, starter.env = tickets.keytab, tickets.server()
    for number in range(options.rounds):
        measure_modes(starter, options, [mode for mode in modes if mode != "idle"], number, results, relays)
        for case in compounds:
            if case.relay not in relays:
                relays[case.relay] = starter.start(case.relay)
            results.add(case.key, case.relay, nfs4.sample_of(case, starter, relays[case.relay], options.seconds))
        if options.guests and starter.gatehouse:
            measure_guests(starter, options, number, results, relays)
        if options.seen and starter.gatehouse:
            seen.measure(starter, lambda relay: load(starter, seen.MODE, relay, ["--seconds", str(options.seconds)]), number, results, relays)
        if cases:
            measure_cases(starter, options, cases, tickets, results, relays)
        print(f"round {number + 1} of {options.rounds} done", file=sys.stderr)
    return results


def run(options: argparse.Namespace) -> report.Results:
    modes = [mode for mode in options.modes.split(",") if mode]
    if unknown := set(modes) - set(MODES):
        raise BenchError(f"--modes: unknown {', '.join(sorted(unknown))}; there are {', '.join(MODES)}")
    gatehouse = gatehouse_path(options)
    cases = kerberos.chosen(options.kerberos) if gatehouse else []
    if options.kerberos and gatehouse and not cases:
        raise BenchError(f"--kerberos: nothing matches; there are {', '.join(case.key for case in kerberos.all_cases())}")
    tools = (options.tools or options.build / "tests/bench").resolve()
    if not (tools / "bench_load").is_file():
        raise BenchError(f"{tools}/bench_load is not there: build it (cmake --build --preset release) or give --tools")
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gatehouse-bench-")))
        return measure(options, modes, cases, Starter(tools, gatehouse, scratch, options.pin), stack)


def main() -> int:
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped
    try:
        results = run(options)
        text = report.render(results, conditions(options), [nfs4.render(results), guests.render(results), seen.render(results), *report_kerberos.render(results)])
        print(text, end="")
        if options.json:
            flat = {f"{mode} {name}": samples for (mode, name), samples in results.samples.items()}
            options.json.write_text(json.dumps(flat, indent=1) + "\n")
        if options.write:
            options.write.write_text(report.replace_between_markers(options.write.read_text(), text))
    except (BenchError, OSError, ValueError) as error:
        print(f"run.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
