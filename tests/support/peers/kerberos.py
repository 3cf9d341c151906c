"""The gateway as an acceptor of Kerberos contexts: what its configuration says about them, and a gateway with guests that use them."""

from dataclasses import dataclass, field
from pathlib import Path

from . import rpc, toml
from .accounts import Accounts
from .build import program
from .client import Connection, connect_tcp, connect_unix
from .gateway import Gateway
from .gss import Context
from .ports import free_port
from .realm import Realm
from .tirpc import PROGRAM

# What the tests' principals become, unless a test says otherwise: users by their accounts, machines nobody.
MACHINES = {"root/*": "nobody", "host/*": "nobody", "nfs/*": "nobody"}


def section(realm: Realm, directory: Path, **keys) -> dict:
    """section are the keys of [kerberos]: the realm's keytab and a replay cache in the directory, unless `keys` say otherwise."""
    return {"keytab": str(realm.keytab), "replay_cache": str(directory / "rcache"), **keys}


def rules(maps: dict) -> str:
    """rules writes [[principal]] sections, in order: pattern = account, ids or "deny"."""
    return "".join(toml.section("[principal]", match=match, map=becomes) for match, becomes in maps.items())


@dataclass
class Lab:
    """Lab is a running gateway before one backend, with a listener for each of its guests, on a unix socket (`paths`) or a loopback
    port (`ports`), and the tickets of its realm."""
    gateway: Gateway
    realm: Realm
    paths: dict[str, Path]
    ports: dict[str, int] = field(default_factory=dict)
    opened: list[Connection] = field(default_factory=list)

    def connect(self, guest: str = "web1") -> Connection:
        """connect opens a connection as the guest; close() closes it if the test does not."""
        port = self.ports.get(guest)
        self.opened.append(connect_tcp(port, privileged=False, timeout=20.0) if port else connect_unix(self.paths[guest], timeout=20.0))
        return self.opened[-1]

    def context(self, user: str = "alice", over: Connection | None = None, number: int = PROGRAM, version: int = 1, **options) -> Context:
        """context establishes a context of the user, over a connection of web1 unless one is given. `options` are Context's."""
        return Context(self.ticket(user), **options).create(over or self.connect(), number, version)

    def ticket(self, user: str) -> Path:
        """ticket is a credential cache with a ticket of the user: one for all his contexts."""
        cache = self.realm.cache(user)
        return cache if cache.exists() else self.realm.kinit(user)

    def close(self) -> None:
        for connection in self.opened:
            connection.close()


def open_lab(start, realm: Realm, accounts: Accounts, directory: Path, backend: str, programs=(f"{PROGRAM}:1-2",),
             guests: dict[str, dict] | None = None, tcp=(), kerberos: dict | None = None, principals: dict | None = None,
             env: dict | None = None, **sections) -> Lab:
    """open_lab starts the gateway by `start` before the backend at that address. `guests` are the guests (web1 and web2, unless stated)
    with their further keys, those of `tcp` on a loopback port; `principals` the [[principal]] rules (MACHINES, unless stated);
    `sections` further sections."""
    guests = {"web1": {}, "web2": {}} if guests is None else guests
    paths = {name: directory / f"{name}.sock" for name in guests if name not in tcp}
    ports = {name: free_port() for name in tcp}
    listeners = {name: f"unix:{path}" for name, path in paths.items()} | {name: f"tcp:127.0.0.1:{port}" for name, port in ports.items()}
    text = toml.config(listeners, {"peer": {"address": backend, "programs": list(programs)}},
                       {name: {"listener": name, "backends": ["peer"], **keys} for name, keys in guests.items()},
                       kerberos=section(realm, directory, **(kerberos or {})), **sections)
    text += rules(MACHINES if principals is None else principals)
    gateway = start(text, env={**realm.env(), **accounts.env(program("proxy/gatehoused")), **(env or {})})
    return Lab(gateway, realm, paths, ports)


def seen(call: rpc.Call) -> tuple[int, int, tuple[int, ...]]:
    """seen is whom a backend was told that a call is from: uid, gid and groups of its AUTH_SYS credential."""
    assert call.flavor == rpc.Flavor.SYS and (call.verifier_flavor, call.verifier) == (rpc.Flavor.NONE, b""), call
    claim = rpc.parse_auth_sys(call.credential)
    return claim.uid, claim.gid, claim.gids
