"""What the hostile-input tests share: gatehoused (best built with sanitizers) between hand-made bytes and a server made with
libtirpc. Everything runs without root: backends are unix sockets, TCP peers come from ordinary ports."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from peers.fixtures import accounts, directory, gateway, realm, shared_directory, stopping  # noqa: E402,F401
from peers.gateway import Gateway  # noqa: E402
from peers.sentences import pytest_itemcollected  # noqa: E402,F401

pytest.register_assert_rewrite("scene", "gss_scene")
from gss_scene import GssScene, open_gss_scene  # noqa: E402
from scene import Scene, open_scene  # noqa: E402


@pytest.fixture
def scene(directory, stopping):
    """scene opens a Scene of the test's own: scene(hostile={...}, **sections), keys of the guest under test and of the file."""
    opened = []

    def begin(**keys) -> Scene:
        opened.append(open_scene(lambda text: stopping(Gateway(directory, text)), directory, stopping, **keys))
        return opened[-1]
    yield begin
    for each in opened:
        each.close()
        print(each.gateway.log()[-20000:])


@pytest.fixture(scope="module")
def standing(shared_directory):
    """standing is a Scene that the tests of a file share; the gateway must end cleanly after the last of them."""
    peers = []

    def register(peer):
        peers.append(peer)
        return peer
    opened = open_scene(lambda text: register(Gateway(shared_directory, text)), shared_directory, register,
                        hostile={"limits": {"log_lines": 100000, "record_bytes": "64KiB", "fragments": 16, "connections": 1000}})
    yield opened
    opened.close()
    for peer in reversed(peers):
        peer.stop()


@pytest.fixture(scope="module")
def gss_standing(shared_directory, realm, accounts):
    """gss_standing is a GssScene that the tests of a file share; the gateway must end cleanly after the last of them."""
    peers = []

    def register(peer):
        peers.append(peer)
        return peer
    opened = open_gss_scene(lambda text, **options: register(Gateway(shared_directory, text, **options)), realm, accounts, shared_directory, register)
    yield opened
    opened.close()
    for peer in reversed(peers):
        peer.stop()


@pytest.fixture
def gss_scene(directory, realm, accounts, stopping):
    """gss_scene opens a GssScene of the test's own, with further keys."""
    opened = []

    def begin(**keys) -> GssScene:
        opened.append(open_gss_scene(lambda text, **options: stopping(Gateway(directory, text, **options)), realm, accounts, directory, stopping, **keys))
        return opened[-1]
    yield begin
    for each in opened:
        each.close()
        print(each.lab.gateway.log()[-20000:])
