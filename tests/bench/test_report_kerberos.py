"""The Kerberos tables: ratios point the right way, a sample with another key is refused, and a whole run prints them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import kerberos
import report
import report_kerberos
from helpers import BUILD, ROOT
from programs import BenchError

FIGURES = ("cpu_us_per_call", "mb_per_cpu_s", "cpu_s_per_gib", "contexts_per_cpu_s")


def row_of(results: report.Results, what: str) -> list[str]:
    """The cells of the row of the goals that begins with `what`."""
    rows = [line.split(" | ") for line in report_kerberos.goals_table(results).splitlines() if line.startswith(f"| {what}")]
    assert len(rows) == 1
    return [cell.strip("| ") for cell in rows[0]]


def results_of(*samples: tuple[str, str, str, list[float]]) -> report.Results:
    results = report.Results()
    for key, relay, figure, values in samples:
        for value in values:
            results.add(key, relay, {figure: value})
    return results


def test_a_cost_is_a_minimum_and_wants_to_be_low() -> None:
    results = results_of(("16x8 krb5", kerberos.GATEHOUSE, "cpu_us_per_call", [3.0, 2.6]),
                         ("16x8 sys", kerberos.GATEHOUSE, "cpu_us_per_call", [2.0, 5.0]))
    assert row_of(results, "krb5 call, 16x8")[2:] == ["2.600", "2.000", "1.30", "<= 1.4x (<= 1.25x)", "met"]
    results.add("16x8 krb5", kerberos.GATEHOUSE, {"cpu_us_per_call": 2.4})
    assert row_of(results, "krb5 call, 16x8")[-1] == "reached"


def test_a_speed_is_a_maximum_and_wants_to_be_high() -> None:
    results = results_of(("read krb5p", kerberos.GATEHOUSE, "mb_per_cpu_s", [100, 390]),
                         ("seal-sha1", "openssl", "mb_per_cpu_s", [500, 400]))
    assert row_of(results, "krb5p 1 MiB reads, sha1, MB")[2:] == ["390", "500", "0.78", ">= 0.8x (>= 1.2x)", "MISSED"]
    results.add("read krb5p", kerberos.GATEHOUSE, {"mb_per_cpu_s": 600})
    assert row_of(results, "krb5p 1 MiB reads, sha1, MB")[-1] == "reached"


def test_what_was_not_measured_has_no_row() -> None:
    assert [text for text in report_kerberos.render(report.Results()) if text] == []
    results = results_of(("churn", kerberos.CHURNED, "contexts_per_cpu_s", [100.0]))
    assert report_kerberos.goals_table(results) == ""


def test_every_goal_is_between_cases_that_are_measured() -> None:
    cases = {(case.key, case.relay) for case in kerberos.all_cases()}
    for goal in report_kerberos.goals():
        assert goal.own in cases and goal.base in cases, goal.what
    results = results_of(*((key, relay, figure, [1.0]) for key, relay in cases for figure in FIGURES))
    assert len(report_kerberos.goals_table(results).splitlines()) == 2 + len(report_kerberos.goals())
    assert not any(" - |" in line for line in report_kerberos.bulk_table(results).splitlines()[2:])


def test_a_sample_with_another_key_is_refused() -> None:
    case = kerberos.load_case("read", "krb5p", digest=kerberos.SHA384)
    kerberos.check(case, {"enctype": 20})
    with pytest.raises(BenchError, match="permitted_enctypes"):
        kerberos.check(case, {"enctype": 18})


def run(pattern: str, *options: object) -> subprocess.CompletedProcess[str]:
    command = [ROOT / "tests/bench/run.py", "--build", BUILD, "--modes", "", "--kerberos", pattern, "--no-guests", "--no-seen", "--rounds", "1",
               "--seconds", "0.05", *options]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.parametrize(("pattern", "what"), [("16x8 *", "krb5p call, 16x8"), ("churn", "contexts per CPU s")])
def test_a_run_measures_the_gateway_and_writes_its_tables(tmp_path: Path, pattern: str, what: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{report.BEGIN}\n{report.END}\nafter\n")
    done = run(pattern, "--write", page)
    assert done.returncode == 0, done.stderr
    assert f"| {what}" in done.stdout
    assert page.read_text() == f"before\n{report.BEGIN}\n{done.stdout}{report.END}\nafter\n"


def test_a_pattern_that_matches_nothing_is_an_error() -> None:
    done = run("17x*")
    assert done.returncode == 1 and "16x8 krb5p" in done.stderr
