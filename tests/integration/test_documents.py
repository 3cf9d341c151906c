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
