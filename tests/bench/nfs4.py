"""The NFSv4 part of a benchmark run: what it costs to look into COMPOUNDs, and its table."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass

from programs import BenchError, Relay, Starter, pinned
from report import Results, against, goal_text, number, ratio, table

# The same bytes as version 3 are nothing that the gateway looks into: what differs is the rewriting alone.
UNREAD, READ = "3", "4"
PLAIN, BOUND = "gatehouse", "gatehouse-bound"
MODES = ("16x8", "16x8b")
GOAL = (1.05, 1.03)


@dataclass(frozen=True)
class Case:
    """One sample of a round: a mode of small calls as COMPOUNDs of a version through a gateway."""

    mode: str
    version: str
    relay: str

    @property
    def key(self) -> str:
        return f"{self.mode} nfs4 as {self.version}"


def all_cases() -> list[Case]:
    """In order: what is compared stands close together."""
    return [Case(mode, version, relay) for mode in MODES for version, relay in ((UNREAD, PLAIN), (READ, PLAIN), (READ, BOUND))]


def sample_of(case: Case, starter: Starter, relay: Relay, seconds: float) -> dict[str, float]:
    command = pinned(starter.core_of("load"), [starter.tools / "bench_load", "--mode", case.mode, "--compound", case.version, "--socket",
                                               relay.socket, "--pid", str(relay.pid), "--seconds", str(seconds)])
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        raise BenchError(f"{case.key} through {case.relay}: {done.stderr.strip()}")
    return {key: value for key, value in json.loads(done.stdout).items() if isinstance(value, (int, float))}


def render(results: Results) -> str:
    rows = []
    for mode in MODES:
        unread = results.pick(min, Case(mode, UNREAD, PLAIN).key, PLAIN, "cpu_us_per_call")
        for relay, what, goal in ((PLAIN, "identifiers", GOAL if mode == "16x8" else None), (BOUND, "identifiers and file handles", None)):
            cpu = results.pick(min, Case(mode, READ, relay).key, relay, "cpu_us_per_call")
            own = ratio(cpu, unread)
            if own is not None:
                rows.append([f"{mode}, {what}", number(cpu, 3), number(unread, 3), f"{own:.3f}", goal_text(goal), against(own, goal)])
    head = ["NFSv4 calls, bound to the guest", "us CPU/call", "the same bytes unread", "ratio", "must (reach for)", ""]
    return table(head, rows) if rows else ""
