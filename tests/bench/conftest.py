"""The programs that the tests of the benchmark's tools run against."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from helpers import TOOLS
from programs import Relay, Starter
from tickets import Tickets


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Starter:
    return Starter(TOOLS, None, tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def server(starter: Starter) -> Iterator[Relay]:
    relay = starter.start("direct")
    yield relay
    relay.stop()


@pytest.fixture(scope="session")
def tickets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tickets]:
    made = Tickets(tmp_path_factory.mktemp("realm"))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def terminator(starter: Starter, tickets: Tickets) -> Iterator[Relay]:
    starter.env = tickets.server()
    relay = starter.start("terminator")
    yield relay
    relay.stop()
