"""The part of a run about many guests: what it measures is a gateway that has them, and the table judges it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import guests
import report
from helpers import BUILD, ROOT
from programs import Starter


def test_times_and_costs_are_judged_against_the_goals() -> None:
    results = report.Results()
    results.add("start", guests.name_of(guests.MANY), {"seconds": 1.5})
    results.add("reload", guests.name_of(guests.MANY), {"seconds": 1.2})
    for count, cost in ((guests.FEW, 2.0), (guests.MANY, 2.1)):
        results.add(guests.KEY, guests.name_of(count), {"cpu_us_per_call": cost})
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in guests.render(results).splitlines()[2:]]
    assert [row[-1] for row in rows] == ["met", "MISSED", "met"]
    assert rows[2][3] == "1.050"
    assert guests.render(report.Results()) == ""


def test_a_run_measures_a_gateway_with_that_many_guests() -> None:
    done = subprocess.run([ROOT / "tests/bench/run.py", "--build", BUILD, "--modes", "", "--kerberos", "", "--no-nfs4", "--no-seen", "--rounds", "2",
                           "--seconds", "0.05"], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert [f"| {what}, {guests.MANY} guests" in done.stdout for what in ("start", "reload", "16x8")] == [True] * 3


def test_every_guest_is_configured_and_every_reload_changes_all(tmp_path: Path) -> None:
    starter = Starter(BUILD / "tests/bench", BUILD / "proxy/gatehoused", tmp_path)
    server = starter.start("direct")
    results = report.Results()
    relay = starter.start(guests.name_of(guests.FEW))
    try:
        for squash in ("all", "root"):
            guests.measure_reload(starter, relay, squash, results)
    finally:
        relay.stop()
        server.stop()
    lines = [line for line in (tmp_path / f"{relay.name}.log").read_text().splitlines() if "event=reloaded" in line]
    assert [f"guests={guests.FEW + 1} " in line and f"changed={guests.FEW} " in line for line in lines] == [True] * 2
