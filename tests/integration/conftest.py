"""What the integration tests share: the real binary between real clients and real servers, on loopback and unix sockets."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from peers.fixtures import accounts, directory, gateway, realm, shared_directory, stopping  # noqa: E402,F401
from peers.sentences import pytest_itemcollected  # noqa: E402,F401
from hall import backend, hall  # noqa: E402,F401
from krb5lab import lab5, script  # noqa: E402,F401
