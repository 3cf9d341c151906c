"""scripts/duties, on trees made for it."""

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "duties"
LIST = "# a list\n\nrfc2203#5.1: versions are denied\nrfc2203#5.4: contexts go\n"
# Written so that this file cites nothing itself.
CODE = "//" + "= {}\n//" + "# {}\nint f();\n"
PYTHON = "#" + "= {}\n#" + "# {}\ndef test(): pass\n"
VERSIONS = ("rfc2203#5.1", "versions are denied")
CONTEXTS = ("rfc2203#5.4", "contexts go")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """tree is a project in which every duty has code and a test."""
    files = {"docs/design/duties.txt": LIST, "gss/a.cc": CODE.format(*VERSIONS), "proxy/session/b.h": CODE.format(*CONTEXTS),
             "tests/unit/a_test.cc": CODE.format(*VERSIONS), "tests/integration/test_b.py": PYTHON.format(*CONTEXTS)}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def duties(tree: Path, *options: str) -> subprocess.CompletedProcess:
    """duties runs the script on `tree`."""
    return subprocess.run(["/usr/bin/python3", SCRIPT, "--top", tree, *options], capture_output=True, text=True, check=False)


def test_a_tree_whose_duties_all_have_code_and_a_test_passes(tree: Path):
    ran = duties(tree, "--check")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_the_report_shows_each_duty_with_its_places(tree: Path):
    assert duties(tree).stdout == (
        "rfc2203#5.1: versions are denied\n    code  gss/a.cc:1\n    test  tests/unit/a_test.cc:1\n"
        "rfc2203#5.4: contexts go\n    code  proxy/session/b.h:1\n    test  tests/integration/test_b.py:1\n")


@pytest.mark.parametrize(("file", "text", "said"), [
    ("gss/a.cc", "", "no code: rfc2203#5.1: versions are denied"),
    ("tests/integration/test_b.py", "", "no test: rfc2203#5.4: contexts go"),
    ("docs/design/duties.txt", LIST + "rfc2203#6: one more\n", "no code: rfc2203#6: one more"),
    ("docs/design/duties.txt", LIST + "RFC 2203, 6\n", "duties.txt:5: is no"),
    ("docs/design/duties.txt", LIST + "rfc2203#5.4: contexts go\n", "twice: rfc2203#5.4: contexts go"),
    ("gss/c.cc", CODE.format("rfc2203#5.1", "versions are refused"), "gss/c.cc:1: not in docs/design/duties.txt: rfc2203#5.1: versions are refused"),
    ("gss/c.cc", CODE.format("rfc2203#5.2", "versions are denied"), "gss/c.cc:1: not in docs/design/duties.txt: rfc2203#5.2"),
    ("gss/c.cc", CODE.format("rfc4121#4.2", "tokens are checked"), "no test: rfc4121#4.2: tokens are checked"),
    ("gss/c.cc", "//" + "= rfc2203#5.1\nint f();\n", "gss/c.cc:1: rfc2203#5.1 is cited without"),
    ("gss/c.cc", "//" + "= rfc2203#5.1", "gss/c.cc:1: rfc2203#5.1 is cited without"),
])
def test_what_is_wrong_is_said_and_fails_the_check(tree: Path, file: str, text: str, said: str):
    (tree / file).write_text(text)
    ran = duties(tree, "--check")
    assert ran.returncode == 1
    assert said in ran.stderr
    assert duties(tree).returncode == 0


def test_a_duty_of_another_rfc_needs_no_list_but_code_and_a_test(tree: Path):
    for file in ("gss/c.cc", "tests/unit/c_test.cc"):
        (tree / file).write_text("  " + CODE.format("rfc4121#4.2", "tokens are checked").replace("\n//", "\n  //"))
    assert duties(tree, "--check").returncode == 0
