"""A gateway whose configuration changes while it runs: text for it, piece by piece."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from peers import tirpc, toml
from peers.client import Connection, connect_unix
from peers.gateway import Gateway
from peers.rpc import auth_sys
from peers.scripted import Scripted

P = tirpc.PROGRAM
USER = auth_sys(1000, 100)


@dataclass
class Hall:
    """Hall is a running gateway before scripted backends. Its configuration is what `listeners`, `backends`, `guests` and `sections` say
    at the next reload()."""
    directory: Path
    listeners: dict[str, str]
    backends: dict[str, dict]
    guests: dict[str, dict]
    sections: dict = field(default_factory=dict)
    gateway: Gateway | None = None
    more: str = ""

    def text(self) -> str:
        return toml.config(self.listeners, self.backends, self.guests, **self.sections) + self.more

    def reload(self, **options) -> dict[str, str]:
        return self.gateway.reload(self.text(), **options)

    def path(self, name: str) -> Path:
        """path is where the unix listener of that name is."""
        return self.directory / f"{name}.sock"

    def add_guest(self, name: str, **keys) -> None:
        """add_guest adds a guest with a listener of its own, before the backend "peer"."""
        self.listeners[name] = f"unix:{self.path(name)}"
        self.guests[name] = {"listener": name, "backends": ["peer"], **keys}

    def remove_guest(self, name: str) -> None:
        del self.listeners[name], self.guests[name]

    def connect(self, name: str = "web1") -> Connection:
        return connect_unix(self.path(name), timeout=20.0)


def echoes(connection: Connection, arguments: bytes = b"abcd", **options) -> bool:
    """echoes makes a call; whether its arguments came back."""
    return connection.call(P, 1, tirpc.ECHO, USER, arguments, **options).results == arguments


@pytest.fixture
def backend(directory, stopping):
    return stopping(Scripted(directory / "backend.sock"))


@pytest.fixture
def hall(gateway, directory, backend):
    """hall opens a gateway with the guests web1 and web2, each with a listener of its own; `keys` are further sections."""
    def begin(**sections) -> Hall:
        made = Hall(directory, {}, {"peer": {"address": backend.address, "programs": [f"{P}:1-2"]}}, {}, sections)
        made.add_guest("web1")
        made.add_guest("web2")
        made.gateway = gateway(made.text())
        return made
    return begin
