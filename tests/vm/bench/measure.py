#!/usr/bin/python3
"""measure.py BENCH_LOAD ROUNDS CALLS MODES: runs the load through each chain of chains.sh, in turns, and prints a line "# JSON" a sample.

A sample is a number of calls, the same for all chains: how long they took and what all processes of the chain, those that it forked
too, used of the processor. Exit status 1 and a line when a reply was wrong.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
CHAINS = {
    "direct": (2100, []),
    "gatehouse": (20490, ["guest", "gateway"]),
    "socat": (20500, ["socat-guest", "socat-host"]),
    "proxyd": (20510, ["guest-proxyd", "proxyd"]),
}
MODES = {"1x1": 2500, "16x8": 8000, "read": 300, "write": 300}


def processes(roots: set[int]) -> dict[int, list[str]]:
    """processes returns /proc/PID/stat, from the state on, of the roots and all below them."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            found[int(path.parent.name)] = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
    below, size = set(roots), 0
    while len(below) > size:
        size = len(below)
        below |= {pid for pid, stat in found.items() if int(stat[1]) in below}
    return {pid: found[pid] for pid in below if pid in found}


def cpu_seconds(names: list[str]) -> float:
    """cpu_seconds returns what the parts have used so far, with their children that are gone. Waits until those are."""
    roots = {int(Path(f"/run/{name}.pid").read_text()) for name in names}
    while len(stats := processes(roots)) > len(roots):
        time.sleep(0.01)
    return sum(sum(map(int, stat[11:15])) for stat in stats.values()) / TICKS


def sample(load: str, chain: str, mode: str, calls: int) -> dict[str, object]:
    port, parts = CHAINS[chain]
    before = cpu_seconds(parts)
    done = subprocess.run([load, "--socket", f"tcp:127.0.0.1:{port}", "--mode", mode, "--calls", str(calls), "--warm-up", "0.01"],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ValueError(f"{mode} through {chain}: {done.stderr.strip()}")
    took = json.loads(done.stdout)
    return {"chain": chain, "mode": mode, "calls": calls, "seconds": took["seconds"] / took["calls"] * calls,
            "p50_us": took["p50_us"], "cpu": cpu_seconds(parts) - before}


def main() -> int:
    load, rounds, scale, modes = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4].split(",")
    try:
        for number in range(rounds):
            for mode in modes:
                names = list(CHAINS)
                for chain in names[number % len(names):] + names[:number % len(names)]:
                    print("#", json.dumps(sample(load, chain, mode, max(int(MODES[mode] * scale), 20))), flush=True)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
