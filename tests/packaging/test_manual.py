"""The manual pages: well formed, and true about every option and key."""

import re
import subprocess

import pytest
from peers.build import ROOT, program
from peers.gateway import run

WRITTEN = ("gatehoused.8", "gatehousectl.8", "gatehouse-guest.8", "mount.gatehouse.8")
# -o and -t of mount.gatehouse(8)'s synopsis are among its flags; CLI11 lists what follows.
OPTION = re.compile(r"(?<![\w-])--?[a-zA-Z][\w-]*")


def page(name: str):
    """page is the path of a page: a written one, or the one that the build made."""
    return ROOT / "docs/man" / name if name in WRITTEN else program(f"man/{name}")


def text(name: str) -> str:
    """text is a page as it is read, without bold and underlined letters and without its header and footer."""
    shown = subprocess.run(["mandoc", "-Tascii", "-Owidth=200", page(name)], text=True, capture_output=True, check=True).stdout
    return "\n".join(re.sub(r".\x08", "", shown).splitlines()[1:-1])


def section(shown: str, name: str) -> str:
    """section is the text of a page from the line `name` to the next one that begins as far left."""
    indent, body = re.search(rf"(?m)^( *){re.escape(name)}$((?:\n.*)*)", shown).groups()
    lines = []
    for line in body.splitlines()[1:]:
        if line.strip() and len(line) - len(line.lstrip()) <= len(indent):
            break
        lines.append(line)
    return "\n".join(lines)


def help_of(relative: str, *words) -> str:
    return subprocess.run([program(relative), *words], text=True, capture_output=True, check=True).stdout


def subcommands() -> list[str]:
    """subcommands are those that gatehousectl --help names."""
    listed = help_of("proxy/gatehousectl", "--help").partition("Subcommands:")[2].partition("Exit status")[0]
    return re.findall(r"(?m)^  (\S+)", listed)


@pytest.mark.parametrize("name", [*WRITTEN, "gatehouse.conf.5"])
def test_well_formed(name):
    """mandoc has nothing to say against {name} [T7]"""
    done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page(name)], text=True, capture_output=True)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("relative,name,word", [("proxy/gatehoused", "gatehoused.8", "--help"),
                                                ("guest/gatehouse-guest", "gatehouse-guest.8", "--help"),
                                                ("guest/mount.gatehouse", "mount.gatehouse.8", "-h")])
def test_options(relative, name, word):
    """each option of {relative} is in its page, and none that it does not have [T7]"""
    said, written = help_of(relative, word), text(name)
    found = set(OPTION.findall(written))
    # The page's examples are those of mount(8), and its synopsis has flags in one word.
    found -= {"-fnrsvw"}
    assert found == set(OPTION.findall(said))


def test_options_of_ctl():
    """each option and subcommand of gatehousectl is in its page, at its place, and none that it does not have [T7]"""
    written = text("gatehousectl.8")
    assert re.findall(r"(?m)^   gatehousectl (\S+)$", written) == subcommands()
    common = set(OPTION.findall(help_of("proxy/gatehousectl", "--help")))
    for name in subcommands():
        own = set(OPTION.findall(help_of("proxy/gatehousectl", name, "--help"))) - common
        assert set(OPTION.findall(section(written, f"   gatehousectl {name}".strip()))) - common == own, name
    described = set(re.findall(r"(?m)^     (--?[a-zA-Z][\w-]*)", section(written, "DESCRIPTION")))
    described |= set(re.findall(r", (--?[a-zA-Z][\w-]*)", section(written, "DESCRIPTION")))
    assert common <= described


def test_every_key():
    """every key of the configuration is in gatehouse.conf(5), in its table, with its default [L8]"""
    written = text("gatehouse.conf.5")
    shipped = (ROOT / "conf/gatehouse.conf").read_text()
    table, seen = "", 0
    for line in shipped.splitlines():
        if head := re.match(r"#?(\[\[?[a-z.]+\]?\])", line):
            table = head.group(1)
        elif key := re.match(r'#?([a-z_]+) = (.*)', line):
            where = {"[defaults]": "[defaults] and [[guest]]", "[defaults.limits]": "limits"}.get(table, table)
            places = [where, "[[guest]] alone", "[defaults] and [[guest]]"] if table == "[[guest]]" else [where]
            shown = "\n".join(section(written, place) for place in places if place != "[[guest]]")
            entry = re.search(rf"(?m)^ +{key.group(1)} \((.*)\)$", shown)
            assert entry, f"{key.group(1)} of {table}"
            if table in ("[gateway]", "[kerberos]", "[defaults]", "[defaults.limits]") and not line.startswith("#"):
                assert entry.group(1).endswith(f"default {key.group(2)}"), line
            seen += 1
    assert seen > 60


def test_status_of_usage():
    """an unknown option ends with the status that the pages say [T7]"""
    assert run("gatehoused", "--none").status == 2 and run("gatehousectl", "--none").status == 2
    assert subprocess.run([program("guest/gatehouse-guest"), "--none"], capture_output=True).returncode == 2
    assert subprocess.run([program("guest/mount.gatehouse"), "-z"], capture_output=True).returncode == 1
