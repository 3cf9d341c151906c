"""Markdown of a benchmark run. CPU figures are the minimum over the rounds, ratios min/min, latencies medians."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import Callable

Sample = dict[str, float]

BEGIN = "<!-- table:begin -->"
END = "<!-- table:end -->"

# (must, reach for): Gatehouse's CPU against haproxy's.
SMALL_GOALS = {"1x1": None, "16x1": (0.9, 0.75), "16x8": (1.0, 0.85), "16x8b": None, "1000x1": (0.9, 0.75)}
BULK_MODES = ("read", "write")
IDLE_GOAL = (8192, 2048)


@dataclass
class Results:
    """Every sample of a run, by (mode, relay); of the Kerberos part by (key, relay) of its cases."""

    samples: dict[tuple[str, str], list[Sample]] = field(default_factory=dict)

    def add(self, mode: str, relay: str, sample: Sample) -> None:
        self.samples.setdefault((mode, relay), []).append(sample)

    def values(self, mode: str, relay: str, key: str) -> list[float]:
        return [sample[key] for sample in self.samples.get((mode, relay), []) if key in sample]

    def pick(self, choose: Callable[[list[float]], float], mode: str, relay: str, key: str) -> float | None:
        values = self.values(mode, relay, key)
        return choose(values) if values else None

    def modes(self) -> list[str]:
        return list(dict.fromkeys(mode for mode, _ in self.samples))


def number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def ratio(value: float | None, base: float | None) -> float | None:
    return value / base if value is not None and base else None


def against(value: float | None, goal: tuple[float, float] | None, at_most: bool = True) -> str:
    """What the value comes to against (must, reach for)."""
    if goal is None or value is None:
        return "-"
    must, reach = goal if at_most else (-goal[0], -goal[1])
    value = value if at_most else -value
    return "reached" if value <= reach else "met" if value <= must else "MISSED"


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def goal_text(goal: tuple[float, float] | None, sign: str = "<=") -> str:
    return "-" if goal is None else f"{sign} {goal[0]:g}x ({sign} {goal[1]:g}x)"


def small_table(results: Results) -> str:
    rows = []
    for mode in (mode for mode in results.modes() if mode in SMALL_GOALS):
        cpu = {name: results.pick(min, mode, name, "cpu_us_per_call") for name in ("relay", "haproxy", "gatehouse")}
        own = ratio(cpu["gatehouse"], cpu["haproxy"])
        goal = SMALL_GOALS[mode]
        rows.append([mode, *(number(cpu[name], 3) for name in ("relay", "haproxy", "gatehouse")), number(own, 2),
                     goal_text(goal), against(own, goal)])
    head = ["small calls", "plain relay, us CPU/call", "haproxy", "gatehouse", "gatehouse/haproxy", "must (reach for)", ""]
    return table(head, rows) if rows else ""


def latency_table(results: Results) -> str:
    names = ("direct", "relay", "haproxy", "gatehouse")
    rows = []
    for mode in (mode for mode in results.modes() if mode in SMALL_GOALS):
        row = [mode]
        for name in names:
            p50, p99 = (results.pick(statistics.median, mode, name, key) for key in ("p50_us", "p99_us"))
            row.append("-" if p50 is None else f"{number(p50, 0)} / {number(p99, 0)}")
        rows.append(row)
    return table(["latency p50 / p99, us", "direct", "plain relay", "haproxy", "gatehouse"], rows) if rows else ""


def bulk_table(results: Results) -> str:
    rows = []
    for mode in (mode for mode in results.modes() if mode in BULK_MODES):
        names = ("relay", "haproxy", "haproxy-splice", "gatehouse")
        cpu = {name: results.pick(min, mode, name, "cpu_s_per_gib") for name in names}
        splice = ratio(cpu["gatehouse"], cpu["haproxy-splice"])
        relay = ratio(cpu["gatehouse"], cpu["relay"])
        rows.append([f"1 MiB {mode}s", *(number(cpu[name], 4) for name in names), number(splice, 2),
                     against(splice, (1.0, 1.0)), number(relay, 2), against(relay, (1.0, 0.75))])
    head = ["bulk, CPU s/GiB", "plain relay", "haproxy", "haproxy, splice", "gatehouse", "/ splice", "must <= 1x",
            "/ plain relay", "must <= 1x (<= 0.75x)"]
    return table(head, rows) if rows else ""


def throughput_table(results: Results) -> str:
    names = ("direct", "relay", "haproxy", "haproxy-splice", "gatehouse")
    rows = []
    for mode in (mode for mode in results.modes() if mode in BULK_MODES):
        best = {name: results.pick(max, mode, name, "mb_per_s") for name in names}
        own = ratio(best["gatehouse"], best["direct"])
        goal = (0.5, 0.65)
        rows.append([f"1 MiB {mode}s", *(number(best[name], 0) for name in names), number(own, 2),
                     against(own, goal, at_most=False)])
    head = ["bulk, MB/s", "direct", "plain relay", "haproxy", "haproxy, splice", "gatehouse", "gatehouse/direct",
            "must >= 0.5x (>= 0.65x)"]
    return table(head, rows) if rows else ""


def idle_table(results: Results) -> str:
    memory = {name: results.pick(min, "idle", name, "bytes_per_connection") for name in ("relay", "haproxy", "gatehouse")}
    if not any(value is not None for value in memory.values()):
        return ""
    row = ["idle connection", *(number(memory[name], 0) for name in ("relay", "haproxy", "gatehouse")),
           against(memory["gatehouse"], IDLE_GOAL)]
    return table(["user memory, bytes", "plain relay", "haproxy", "gatehouse", "must <= 8192 (<= 2048)"], [row])


def render(results: Results, conditions: str, more: list[str] | None = None) -> str:
    """All tables; `more` stands before the conditions."""
    parts = [small_table(results), latency_table(results), bulk_table(results), throughput_table(results),
             idle_table(results), *(more or []), conditions]
    return "\n\n".join(part for part in parts if part) + "\n"


def replace_between_markers(text: str, new: str) -> str:
    """The document with what stands between the markers replaced. ValueError if the markers are not there once each."""
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise ValueError(f"the file must hold {BEGIN} and, after it, {END}, once each")
    before, rest = text.split(BEGIN)
    return before + BEGIN + "\n" + new + END + rest.split(END)[1]
