"""The arrangement most tests use: one gateway, one backend, and a lane (listener and guest) for each way in."""

from dataclasses import dataclass
from pathlib import Path

from peers import client, tirpc, toml
from peers.gateway import Gateway
from peers.ports import free_port

SOURCE = "127.66.0.42"


@dataclass(frozen=True)
class Lanes:
    """Lanes is a running gateway with the ways in: `unix` (guest web1; no source port known) and `tcp` (guest web2)."""
    gateway: Gateway
    unix: Path
    tcp: int

    def over_unix(self, *command, **options) -> tirpc.Answer:
        """over_unix makes one call with libtirpc as guest web1."""
        return tirpc.call(tirpc.unix(self.unix), *command, **options)

    def over_tcp(self, *command, source_port: int | None = None, **options) -> tirpc.Answer:
        """over_tcp makes one call with libtirpc as guest web2."""
        return tirpc.call(tirpc.tcp(self.tcp), *command, source_port=source_port, **options)

    def connect(self) -> client.Connection:
        """connect opens a connection as guest web1."""
        return client.connect_unix(self.unix)

    def connect_tcp(self, **options) -> client.Connection:
        """connect_tcp opens a connection as guest web2."""
        return client.connect_tcp(self.tcp, **options)


def open_lanes(gateway, directory: Path, backend: str, programs=(f"{tirpc.PROGRAM}:1-2",), guest: dict | None = None,
               backend_keys: dict | None = None, **sections) -> Lanes:
    """open_lanes starts the gateway before the backend at the address given. `guest` are keys that both guests get, `backend_keys`
    keys of the backend, `sections` further sections of the configuration."""
    unix, tcp = directory / "in.sock", free_port()
    keys = {"backends": ["peer"], **(guest or {})}
    text = toml.config({"unix": f"unix:{unix}", "tcp": f"tcp:127.0.0.1:{tcp}"},
                       {"peer": {"address": backend, "programs": list(programs), **(backend_keys or {})}},
                       {"web1": {"listener": "unix", **keys},
                        "web2": {"listener": "tcp", "source_address": SOURCE, **keys}}, **sections)
    return Lanes(gateway(text), unix, tcp)


TRUST = {"trust": {"allowed": ["web1", "web2"]}}
