"""The arrangement of the hostile-input tests: a guest that attacks, by two ways in, and one that works all the time."""

import signal
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from peers import rpc, tirpc, toml
from peers.client import Connection, connect_tcp, connect_unix
from peers.gateway import Gateway
from peers.ports import free_port
from peers.wait import until
from tap import Tap

P = tirpc.PROGRAM
USER = rpc.auth_sys(1000, 100)
WAYS = ("unix", "tcp")
# Guests by their way in: the hostile ones, and the honest one.
GUESTS = {"unix": "hostile-unix", "tcp": "hostile-tcp", "honest": "honest"}


def echo(data: bytes = b"data", xid: int = 7, credential: bytes = USER, **header) -> bytes:
    """echo is a good call message (without its mark) that the server answers with `data`."""
    return rpc.call(xid, P, 1, tirpc.ECHO, credential, rpc.opaque(data), **header)


@dataclass
class Scene:
    """Scene is a running gateway before a libtirpc server, with a tap between the two, and the honest guest's connection
    (`witness`), which stays open."""
    gateway: Gateway
    tap: Tap
    server: Path
    unix: Path
    honest: Path
    tcp: int
    witness: Connection

    def connect(self, way: str = "unix") -> Connection:
        """connect opens a connection as the hostile guest of that way in, or as the honest one."""
        if way == "tcp":
            return connect_tcp(self.tcp, privileged=False)
        return until(lambda: _connected(self.honest if way == "honest" else self.unix), f"room in the backlog of {GUESTS[way]}")

    def counters(self, way: str = "unix") -> dict[str, int]:
        """counters asks for a report and returns the guest's counters of it, once its last line has been written: a line of the report
        before must not be taken for one of this."""
        before = self._reports()
        self.gateway.process.popen.send_signal(signal.SIGUSR1)
        self.gateway.process.wait_for(lambda: self._reports() > before, "the counters in the log")
        return {key: int(value) for key, value in self.gateway.events("counters", guest=GUESTS[way])[-1].items() if value.isdigit()}

    def _reports(self) -> int:
        return sum("no_guest" in line for line in self.gateway.events("counters"))

    def wait_counter(self, way: str, name: str, least: int, seconds: float = 10.0) -> dict[str, int]:
        """wait_counter waits until a counter of the guest has reached `least` and returns all counters."""
        def reached():
            counters = self.counters(way)
            return counters if counters.get(name, 0) >= least else None
        return until(reached, f"counter {name} of {GUESTS[way]} >= {least}", seconds, pause=0.05)

    def wait_empty(self, way: str = "unix", seconds: float = 20.0) -> dict[str, int]:
        """wait_empty waits until the guest holds nothing: no calls in flight, no bytes buffered."""
        def empty():
            counters = self.counters(way)
            return counters if counters["in_flight"] == 0 and counters["buffered_bytes"] == 0 else None
        return until(empty, f"in_flight and buffered_bytes of {GUESTS[way]} to be 0", seconds, pause=0.1)

    def witness_works(self) -> None:
        """witness_works makes a call on the honest connection, which was open all the time."""
        reply = self.witness.call(P, 1, tirpc.ECHO, USER, rpc.opaque(b"honest"))
        assert reply.outcome == "SUCCESS" and reply.results == rpc.opaque(b"honest")

    @contextmanager
    def nothing_forwarded(self, way: str):
        """nothing_forwarded demands that no call of the hostile guest reached the server meanwhile and that the honest one's
        connection works on."""
        calls, errors = len(self.tap.of(GUESTS[way])), len(self.tap.errors)
        yield
        self.witness_works()
        assert len(self.tap.of(GUESTS[way])) == calls and len(self.tap.errors) == errors

    @contextmanager
    def counted(self, way: str, **names: int):
        """counted demands that the guest's counters rise by these amounts meanwhile (`_` in a name stands for `-` after rule_
        and closed_)."""
        wanted = {_counter(name): amount for name, amount in names.items()}
        before = self.counters(way)
        yield

        def risen():
            now = self.counters(way)
            return all(now.get(name, 0) - before.get(name, 0) >= amount for name, amount in wanted.items()) and now
        now = until(risen, f"{wanted} more than {before}", pause=0.05)
        assert {name: now.get(name, 0) - before.get(name, 0) for name in wanted} == wanted

    def refuses(self, way: str, message: bytes, outcome: str, rule: str) -> None:
        """refuses sends a call, which must be answered with the outcome, counted and logged under the rule, and not forwarded;
        a good call on the same connection is answered afterwards."""
        lines = len(self.gateway.events("refused", guest=GUESTS[way], rule=rule))
        with self.nothing_forwarded(way), self.counted(way, rejections=1, **{f"rule_{rule}": 1}), self.connect(way) as connection:
            connection.send(rpc.record(message))
            reply = connection.read_reply()
            assert (reply.xid, reply.outcome) == (int.from_bytes(message[:4], "big"), outcome)
        assert len(self.gateway.events("refused", guest=GUESTS[way], rule=rule)) == lines + 1
        with self.connect(way) as connection:
            connection.send(rpc.record(message) + rpc.record(echo(b"good", 8)))
            assert connection.read_reply().outcome == outcome
            assert connection.read_reply().results == rpc.opaque(b"good")

    def closes(self, way: str, data: bytes, reason: str, act: Callable[[Connection], None] = lambda connection: None) -> None:
        """closes sends bytes (and then does `act`): the connection must be closed without an answer, counted and logged under
        the reason, and nothing forwarded."""
        lines = len(self.gateway.events("closed", guest=GUESTS[way], reason=reason))
        with self.nothing_forwarded(way), self.counted(way, **{f"closed_{reason}": 1}), self.connect(way) as connection:
            send_all(connection, data)
            act(connection)
            assert connection.closed()
        assert len(self.gateway.events("closed", guest=GUESTS[way], reason=reason)) == lines + 1

    def answers(self, way: str, data: bytes, xid: int = 7) -> None:
        """answers sends bytes that hold one good call, which must be answered."""
        with self.connect(way) as connection:
            connection.send(data)
            reply = connection.read_reply()
            assert (reply.xid, reply.outcome) == (xid, "SUCCESS")

    def close(self) -> None:
        self.witness.close()


def _connected(path: Path) -> Connection | None:
    try:
        return connect_unix(path)
    except BlockingIOError:  # more connections wait to be accepted than the kernel queues
        return None


def send_all(connection: Connection, data: bytes) -> None:
    """send_all sends bytes to somebody who may close before the last of them."""
    try:
        connection.send(data)
    except ConnectionError:
        pass


def _counter(name: str) -> str:
    kind, _, word = name.partition("_")
    return f"{kind}-{word.replace('_', '-')}" if kind in ("rule", "closed") else name


def open_scene(start, directory: Path, register, hostile: dict | None = None, honest: dict | None = None, **sections) -> Scene:
    """open_scene starts server, tap and gateway. `hostile` and `honest` are further keys of the guests; the TCP one is squashed,
    for it cannot bind a port below 1024. `register` is told of each peer to be stopped."""
    server = directory / "server.sock"
    register(tirpc.TirpcServer(directory / "server.log", path=server))
    tap = register(Tap(directory / "tap.sock", server))
    port = free_port()
    listeners = {name: f"unix:{directory}/{name}.sock" for name in ("hostile", "honest")} | {"tcp": f"tcp:127.0.0.1:{port}"}
    guests = {GUESTS["unix"]: {"listener": "hostile", "backends": ["server"], **(hostile or {})},
              GUESTS["tcp"]: {"listener": "tcp", "backends": ["server"], "insecure_action": "squash", **(hostile or {})},
              GUESTS["honest"]: {"listener": "honest", "backends": ["server"], **(honest or {})}}
    gateway = start(toml.config(listeners, {"server": {"address": tap.address, "programs": [f"{P}:1-2"]}}, guests, **sections))
    witness = connect_unix(directory / "honest.sock")
    scene = Scene(gateway, tap, server, directory / "hostile.sock", directory / "honest.sock", port, witness)
    scene.witness_works()
    return scene
