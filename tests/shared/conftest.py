"""The whole gateway with several workers, as scripts/test runs it under TSan."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from peers.fixtures import directory, gateway, realm, shared_directory, stopping  # noqa: E402,F401
from peers.sentences import pytest_itemcollected  # noqa: E402,F401
