"""What the documents tell people to write is what the programs take."""

import re
from pathlib import Path

import pytest
from peers.gateway import ctl, write_config

TOP = Path(__file__).resolve().parents[2]
WITH_TOML = [path for path in [TOP / "README.md", *sorted((TOP / "docs").rglob("*.md"))] if "```toml" in path.read_text()]


def test_documents_found():
    """the documents with configuration in them are found [T7]"""
    assert {"README.md", "qemu-libvirt.md", "firecracker.md", "cloud-hypervisor.md", "tap.md", "kerberos.md"} <= {path.name for path in WITH_TOML}


@pytest.mark.parametrize("path", WITH_TOML, ids=lambda path: path.name)
def test_configuration(directory, path):
    """the configuration in {path}, its pieces put together, is taken without an error [T7]"""
    pieces = re.findall(r"^```toml\n(.*?)^```$", path.read_text(), re.MULTILINE | re.DOTALL)
    outcome = ctl(write_config(directory, "\n".join(pieces)), "check")
    assert outcome.status == 0, outcome


# A file below tests/ and the beginnings of tests' names: `unit/x_test.cc` "a sentence", "another".
CLAIM = re.compile(r'`((?:unit|integration|hostile|vm)/[\w./]+)`((?:,?\s+"[^"]+")+)')
# Where a name stands in C++, Python and the scenarios.
NAMES = re.compile(r'(?:TEST_CASE\(\s*"|^    """|\bcheck\s+"|echo "ok )((?:[^"\\]|\\.)+)', re.MULTILINE)
THREATS = (TOP / "docs" / "threat-model.md").read_text()
CLAIMS = [(path, " ".join(name.split())) for path, names in CLAIM.findall(THREATS) for name in re.findall(r'"([^"]+)"', names)]


def test_threats_are_claimed():
    """every test file that the threat model names is named with a test [V11, A1]"""
    assert len(CLAIMS) > 40
    assert set(re.findall(r"`((?:unit|integration|hostile|vm)/[^`]+)`", THREATS)) == {path for path, _ in CLAIMS}


@pytest.mark.parametrize("path,name", CLAIMS, ids=lambda word: word)
def test_threat_is_tested(path, name):
    """{path} has the test that the threat model names, which begins "{name}" [V11, A1]"""
    found = [" ".join(text.split()) for text in NAMES.findall((TOP / "tests" / path).read_text())]
    assert any(text.startswith(name) for text in found), f"no test of {path} has such a name: {found}"
