"""The part of a run about being watched: what it measures is a gateway that is, and the table judges it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import report
import seen
from helpers import BUILD, ROOT
from programs import Starter


def test_the_cost_is_judged_against_the_goal() -> None:
    for cost, verdict in ((2.0, "reached"), (2.04, "met"), (2.2, "MISSED")):
        results = report.Results()
        results.add(seen.KEY, seen.UNSEEN, {"cpu_us_per_call": 2.0})
        results.add(seen.KEY, seen.SEEN, {"cpu_us_per_call": cost})
        assert verdict in seen.render(results).splitlines()[2]
    assert seen.render(report.Results()) == ""


def test_a_run_measures_both_gateways() -> None:
    done = subprocess.run([ROOT / "tests/bench/run.py", "--build", BUILD, "--modes", "", "--kerberos", "", "--no-nfs4", "--no-guests",
                           "--rounds", "2", "--seconds", "0.05"], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert "| 16x8, scraped twice a second" in done.stdout


def test_the_watched_one_is_watched_and_the_other_is_not(tmp_path: Path) -> None:
    starter = Starter(BUILD / "tests/bench", BUILD / "proxy/gatehoused", tmp_path)
    running = [starter.start("direct")]
    try:
        running.append(starter.start(seen.UNSEEN))
        with pytest.raises(FileNotFoundError), seen.scraped(seen.page(tmp_path)):
            pass
        assert not (tmp_path / "audit.log").exists()
        running.append(starter.start(seen.SEEN))
        with seen.scraped(seen.page(tmp_path)):
            assert seen.scrape(seen.page(tmp_path)) > 1000
    finally:
        for each in reversed(running):
            each.stop()
    lines = [json.loads(line)["event"] for line in (tmp_path / "audit.log").read_text().splitlines()]
    assert (lines[0], lines[-1]) == ("start", "stop")
