"""docs/operations.md and docs/limitations.md: complete, and true about signals, statuses, limits, files and checks."""

import re
import subprocess

import pytest
from peers.build import ROOT, program
from peers.doctor import IDS
from test_manual import WRITTEN, help_of, text

PAGE = (ROOT / "docs/operations.md").read_text()
PAGES = [ROOT / "docs/operations.md", ROOT / "docs/limitations.md"]


def rows(heading: str) -> list[list[str]]:
    """rows are the cells of the first table under a heading, without its head."""
    body = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    table = re.search(r"(?m)^\|.*\n\|[-|]+\n((?:\|.*\n)+)", body).group(1)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def test_limits():
    """every limit is there, with its default, and none that there is not [L6, T7]"""
    shipped = (ROOT / "conf/gatehouse.conf").read_text().partition("[defaults.limits]\n")[2].partition("\n\n")[0]
    wanted = {key: value.strip('"') for key, value in re.findall(r"(?m)^([a-z_]+) = (.*)$", shipped)}
    assert len(wanted) > 10
    assert {cells[0].strip("`"): cells[1] for cells in rows("Limits")} == wanted


def test_signals():
    """the signals of gatehoused(8) are there [T7]"""
    page = (ROOT / "docs/man/gatehoused.8").read_text().partition(".Sh SIGNALS")[2].partition(".Sh ")[0]
    wanted = set(re.findall(r"SIG[A-Z0-9]+", " ".join(line for line in page.splitlines() if line.startswith(".It"))))
    assert {word for cells in rows("Signals") for word in re.findall(r"SIG[A-Z0-9]+", cells[0])} == wanted


@pytest.mark.parametrize("name", WRITTEN)
def test_statuses(name):
    """the exit statuses that {name} has are there, and no others [T7]"""
    said = re.search(r"(?ms)^EXIT STATUS$(.*?)^\S", text(name) + "\nEND").group(1)
    wanted = set(re.findall(r"(?:^|[\s;,:])(\d+)(?= {2,}| \w)", said))
    stated = {cells[1] for cells in rows("Exit statuses") if cells[0] == name.rpartition(".")[0]}
    assert wanted and stated == wanted


def test_statuses_are_those_of_the_source():
    """gatehousectl's statuses are those that its source defines [T7]"""
    defined = re.findall(r"constexpr int k\w+ = (\d+);", (ROOT / "proxy/ctl/exit_status.h").read_text())
    assert [cells[1] for cells in rows("Exit statuses") if cells[0] == "gatehousectl"] == defined


def test_checks():
    """the doctor's checks are there, in its order, and in its help [T7]"""
    assert [cells[0].strip("`") for cells in rows("When something does not work")] == list(IDS)
    listed = help_of("proxy/gatehousectl", "doctor", "--help").partition("Checks:\n")[2]
    assert re.findall(r"(?m)^  (\S+)", listed) == list(IDS)


def test_files():
    """the directories that unit, package and defaults use are there [T7]"""
    unit = (ROOT / "conf/host/gatehoused.service").read_text()
    wanted = {f"{top}/{name}" for key, top in (("StateDirectory", "/var/lib"), ("RuntimeDirectory", "/run"), ("LogsDirectory", "/var/log"))
              for name in re.findall(rf"(?m)^{key}=(\S+)$", unit)}
    done = subprocess.run([program("proxy/gatehoused"), "--config", "/dev/stdin", "--print-config"], input="", text=True, capture_output=True)
    wanted |= set(re.findall(r'"(/(?:var|run)/[^"]*gatehouse[^"]*)"', done.stdout))
    wanted |= {f"/etc/gssproxy/{path.name}" for path in (ROOT / "conf/gssproxy").iterdir()}
    stated = {path for cells in rows("Files") for path in re.findall(r"`(/[^`]*)`", cells[0])}
    assert wanted <= stated
    assert "/var/lib/gatehouse" in wanted and "/etc/gatehouse/gatehouse.conf" in stated


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links(page):
    """each link of {page} leads to a file, and to a heading of it [T7]"""
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text())
    assert links
    for link in links:
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        headings = {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in re.findall(r"(?m)^#+ (.*)$", target.read_text())}
        assert not anchor or anchor in headings, link


def test_every_page_is_named():
    """operations.md names each page about operation, and the README names it and the limitations [T7]"""
    for path in (ROOT / "docs/operations").iterdir():
        assert f"(operations/{path.name})" in PAGE, path.name
    readme = (ROOT / "README.md").read_text()
    assert "(docs/operations.md)" in readme and "(docs/limitations.md)" in readme
