"""What the tests against libgssapi share: a realm, and an environment for each enctype."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from peers.fixtures import realm, shared_directory  # noqa: E402,F401
from peers.sentences import pytest_itemcollected  # noqa: E402,F401

from contexts import environments  # noqa: E402


@pytest.fixture(scope="module")
def environment(realm):
    """environment is, by enctype, the environment in which contexts have keys of it."""
    return environments(realm)
