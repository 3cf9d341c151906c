"""Fixtures for pytest that clean up after themselves."""

from pathlib import Path
from typing import Callable

import pytest

from .accounts import Accounts
from .gateway import Gateway
from .process import private_directory, remove_directory
from .realm import Realm


@pytest.fixture
def directory():
    """directory is an empty directory, removed after the test, with a name short enough for unix sockets."""
    made = private_directory()
    yield made
    remove_directory(made)


@pytest.fixture(scope="module")
def shared_directory():
    """shared_directory is an empty directory for the peers that all tests of a file share."""
    made = private_directory()
    yield made
    remove_directory(made)


@pytest.fixture
def stopping():
    """stopping registers peers: stopping(peer) returns the peer, whose stop() is called after the test, in reverse order. The first
    failure of a stop() is raised once all have been stopped."""
    peers = []

    def register(peer):
        peers.append(peer)
        return peer
    yield register
    failures = []
    for peer in reversed(peers):
        try:
            peer.stop()
        except AssertionError as failure:
            failures.append(failure)
    if failures:
        raise failures[0]


@pytest.fixture
def gateway(directory: Path, stopping) -> Callable[..., Gateway]:
    """gateway starts gatehoused with the configuration given. After the test it must end cleanly; its log is printed, which pytest
    shows if the test failed."""
    started = []

    def start(config: str, **options) -> Gateway:
        started.append(Gateway(directory, config, **options))
        return stopping(started[-1])
    yield start
    for each in started:
        print(each.log())


@pytest.fixture(scope="module")
def realm(shared_directory):
    """realm is a Kerberos realm that the tests of a file share."""
    made = Realm(shared_directory / "realm")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def accounts(shared_directory):
    """accounts are the local accounts that a file's tests show to their gateway: alice and bob, root and nobody."""
    return Accounts(shared_directory / "accounts")
