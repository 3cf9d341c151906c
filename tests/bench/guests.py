"""The part of a benchmark run about many guests: what 10 000 of them cost at the start, at a reload and per call; and its table."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from report import Results, against, number, ratio, table

if TYPE_CHECKING:
    from programs import Relay, Starter

PREFIX = "gatehouse-guests-"
FEW, MANY = 10, 10_000
PATIENCE = 20.0  # seconds
MODE = "16x8"
KEY = "16x8 of many guests"
CPU_GOAL, START_GOAL, RELOAD_GOAL = (1.1, 1.0), (2.0, 1.0), (1.0, 0.5)


def name_of(count: int) -> str:
    return f"{PREFIX}{count}"


def config(count: int, squash: str = "root") -> str:
    """config are `count` guests besides the one that calls, all at its listener, each with a program and limits of its own."""
    return "".join(f'\n[[guest]]\nname = "vm{i}"\nlistener = "bench"\nuid = {100_000 + i}\nsec = ["sys"]\nbackends = ["nfs"]\n'
                   f'squash = "{squash}"\n' for i in range(count))


def measure_start(starter: Starter, results: Results) -> Relay:
    """measure_start starts the gateway with many guests, and adds how long that took, from exec to readiness."""
    began = time.monotonic()
    relay = starter.start(name_of(MANY))
    results.add("start", relay.name, {"seconds": time.monotonic() - began})
    return relay


def measure_reload(starter: Starter, relay: Relay, squash: str, results: Results) -> None:
    """measure_reload changes every guest of a running gateway, and adds how long that took, from the signal to the log's line."""
    path, log = starter.scratch / f"{relay.name}.conf", starter.scratch / f"{relay.name}.log"
    path.write_text(path.read_text().replace('squash = "root"', f'squash = "{squash}"').replace('squash = "all"', f'squash = "{squash}"'))
    before, began = _reloads(log), time.monotonic()
    relay.process.send_signal(signal.SIGHUP)
    while _reloads(log) == before:
        if time.monotonic() - began > PATIENCE:
            raise TimeoutError(f"{relay.name} did not reload within {PATIENCE:.0f} seconds; its log:\n{log.read_text()[-2000:]}")
        time.sleep(0.005)  # the pace of polling; the condition above decides
    results.add("reload", relay.name, {"seconds": time.monotonic() - began})


def _reloads(log: Path) -> int:
    return log.read_text(errors="replace").count("event=reloaded")


def render(results: Results) -> str:
    rows = []
    for what, goal in (("start", START_GOAL), ("reload", RELOAD_GOAL)):
        seconds = results.pick(min, what, name_of(MANY), "seconds")
        if seconds is not None:
            rows.append([f"{what}, {MANY} guests", f"{seconds:.2f} s", "", "", f"<= {goal[0]:g} s (<= {goal[1]:g} s)",
                         against(seconds, goal)])
    few, many = (results.pick(min, KEY, name_of(count), "cpu_us_per_call") for count in (FEW, MANY))
    own = ratio(many, few)
    if own is not None:
        rows.append([f"{MODE}, {MANY} guests against {FEW}", f"{number(many, 3)} us CPU/call", f"{number(few, 3)} us", f"{own:.3f}",
                     f"<= {CPU_GOAL[0]:g}x (<= {CPU_GOAL[1]:g}x)", against(own, CPU_GOAL)])
    head = ["many guests", "measured", "few", "ratio", "must (reach for)", ""]
    return table(head, rows) if rows else ""
