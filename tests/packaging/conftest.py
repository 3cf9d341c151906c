"""What the tests of units, packages and manuals share: the packages, built once, and a machine to install them on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from peers.build import ROOT  # noqa: E402
from peers.fixtures import directory, gateway, realm, shared_directory, stopping  # noqa: E402,F401
from peers.sentences import pytest_itemcollected  # noqa: E402,F401
from machine import Machine  # noqa: E402


@pytest.fixture(scope="session")
def packages(tmp_path_factory):
    """packages is the directory with the .deb files and the .changes, built by packaging/build; or $GATEHOUSE_PACKAGES, where they are."""
    if "GATEHOUSE_PACKAGES" in os.environ:
        return Path(os.environ["GATEHOUSE_PACKAGES"])
    output = tmp_path_factory.mktemp("packages")
    # Packages of debugging symbols take long and are not looked at here.
    subprocess.run([ROOT / "packaging/build", output], check=True, timeout=900, env={**os.environ, "DEB_BUILD_OPTIONS": "noautodbgsym"})
    return output


@pytest.fixture
def machine(directory):  # noqa: F811
    """machine is this system as it would boot, with nothing of the project installed; what is done to it is gone with it."""
    running = Machine(directory)
    yield running
    running.stop()


@pytest.fixture
def installed(machine, packages):
    """installed is the machine with both packages installed."""
    machine.install(*(file for file in packages.glob("*.deb") if "-dbgsym_" not in file.name))
    return machine
