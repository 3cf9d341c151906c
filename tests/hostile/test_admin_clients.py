"""Whoever reaches the admin socket can do no harm: whatever it sends, reads or does not read, calls go on and the next client is answered."""

import json
import select
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest
from peers import rpc, tirpc, toml
from peers.admin import Admin, ask
from peers.client import connect_unix
from peers.gateway import Gateway
from peers.wait import until
from scene import P, USER

# As many as are served at a time, and the longest request.
SERVED, LONGEST = 32, 65536
STATUS = b'{"command":"status"}\n'


class Watched:
    """Watched is a gateway with an admin socket, many guests (a long answer), and one that works all the time."""

    def __init__(self, directory: Path, register):
        register(tirpc.TirpcServer(directory / "server.log", path=directory / "server.sock"))
        self.admin = directory / "admin.sock"
        many = {f"guest{index}": {"uid": 100000 + index, "backends": [], "source_address": f"127.70.{index // 250}.{index % 250 + 1}"} for index in range(3000)}
        self.gateway = register(Gateway(directory, toml.config(
            {"honest": f"unix:{directory}/honest.sock"}, {"server": {"address": f"unix:{directory}/server.sock", "programs": [f"{P}:1"]}},
            {"web1": {"listener": "honest", "backends": ["server"]}, **many}, admin={"socket": str(self.admin)})))
        self.honest = connect_unix(directory / "honest.sock")

    def calls_go_on(self) -> None:
        assert self.honest.call(P, 1, tirpc.ECHO, USER, rpc.opaque(b"honest")).outcome == "SUCCESS"

    def works(self) -> None:
        self.calls_go_on()
        assert ask(self.admin, "status")["done"]["totals"]["guests"] == 3001


@pytest.fixture(scope="module")
def watched(shared_directory):
    peers = []
    running = Watched(shared_directory, lambda peer: peers.append(peer) or peer)
    yield running
    running.honest.close()
    for peer in reversed(peers):
        peer.stop()


# What is sent, and the code of the refusal; None: the connection is closed without one, for nobody is there to read it.
NONSENSE = {
    "an empty line": (b"\n", "bad-request"),
    "bytes that are no text": (bytes(range(256)) * 200 + b"\n", "bad-request"),
    "a TLS hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 508 + b"\n", "bad-request"),
    "an RPC call": (rpc.record(rpc.call(7, P, 1, tirpc.ECHO, USER, rpc.opaque(b"x" * 64))) + b"\n", "bad-request"),
    "HTTP": (b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "bad-request"),
    "a line of 1 MiB": (b"x" * (1 << 20) + b"\n", "too-long"),
    "1 MiB without an end": (b" " * (1 << 20), "too-long"),
    "a good request behind 64 KiB of spaces": (b" " * LONGEST + STATUS, "too-long"),
    "deep nesting": (b"[" * 60000 + b"\n", "bad-request"),
    "deep nesting of objects": (b'{"a":' * 12000 + b"\n", "bad-request"),
    "deep nesting in a request": (b'{"command":"evict","guest":' + b"[" * 60000 + b"\n", "bad-request"),
    "a huge number": (b'{"command":"evict","session":' + b"9" * 60000 + b"}\n", "bad-request"),
    "an endless exponent": (b'{"command":"evict","session":1e' + b"9" * 60000 + b"}\n", "bad-request"),
    "a number below zero": (b'{"command":"trace","guest":"web1","count":-1}\n', "bad-request"),
    "a NUL behind a request": (b'{"command":"status"}\0\n', "bad-request"),
    "two requests in a line": (b'{"command":"status"}{"command":"drain"}\n', "bad-request"),
    "no UTF-8": (b'{"command":"evict","guest":"\xff\xfe"}\n', "bad-request"),
    "a command nobody knows": (b'{"command":"exec","guest":"/bin/sh"}\n', "bad-request"),
    "a guest with control characters": (b'{"command":"trace","guest":"a\\n\\u001b[2J\\u0000"}\n', "not-found"),
    "a guest of 60000 bytes": (b'{"command":"trace","guest":"' + b"g" * 60000 + b'"}\n', "not-found"),
    "a session that cannot be": (b'{"command":"evict","session":18446744073709551615}\n', "not-found"),
}


@pytest.mark.parametrize("what", NONSENSE)
def test_nonsense(watched, what):
    """{what}: a refusal that says why, on one line, and what follows works [L7]"""
    data, code = NONSENSE[what]
    with Admin(watched.admin) as admin:
        admin.send(data)
        error = admin.line()["error"]
        assert error["code"] == code and error["text"] and len(json.dumps(error)) < 2000
        assert not any(ord(letter) < 32 for letter in error["text"])
        if code != "not-found":
            assert admin.line() is None
    watched.works()


def test_every_cut(watched):
    """a request that ends behind any of its bytes is refused, and does nothing [L7]"""
    whole = b'{"command":"log-level","level":"debug"}\n'
    for size in range(len(whole)):
        with Admin(watched.admin) as admin:
            admin.send(whole[:size])
            admin.sock.shutdown(socket.SHUT_WR)
            assert size == 0 or admin.line()["error"]["code"] == "bad-request"
            assert admin.line() is None
    assert ask(watched.admin, "log-level")["done"] == {"level": "info"}
    watched.works()


def test_close_in_the_middle(watched):
    """clients that leave in the middle of a request, of an answer or of a trace leave nothing behind [L7]"""
    before = watched.gateway.descriptors()
    for data in (b"", b'{"comm', STATUS[:-1], STATUS * 100, b'{"command":"guests"}\n' * 50, b'{"command":"trace","guest":"web1"}\n', b"nonsense\n"):
        for read in (0, 1):
            with Admin(watched.admin) as admin:
                admin.send(data)
                if read and data.endswith(b"}\n") and b"trace" not in data:
                    admin.line()
    watched.works()
    until(lambda: watched.gateway.descriptors() <= before, "the descriptors to be given back")
    with Admin(watched.admin) as admin:
        assert not any(row["traced"] for row in admin.rows("guests"))


def _left(sock: socket.socket) -> bool:
    """_left says whether the other end has closed, whatever lies there unread."""
    poll = select.poll()
    poll.register(sock, 0)
    return any(event & select.POLLHUP for _, event in poll.poll(0))


def test_clients_that_hang(watched):
    """clients that read none of a long answer, or send half a request and wait, hold up nobody: calls and other clients go on, and when their
    time has ended they are closed, those that can read having been told [L7]"""
    with ExitStack() as stack:
        stuck = [stack.enter_context(Admin(watched.admin)) for _ in range(16)]
        half = [stack.enter_context(Admin(watched.admin, timeout=30)) for _ in range(SERVED - 1 - len(stuck))]
        for admin in stuck:
            admin.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            admin.send(b'{"command":"guests"}\n' * 100)
        for admin in half:
            admin.send(b'{"command":"sta')
        for _ in range(200):
            watched.calls_go_on()
        for _ in range(20):
            watched.works()
        # One that drips a byte at a time has no more time than one that is silent.
        half[0].send(b"t")
        for admin in half:
            assert admin.line()["error"]["code"] == "timed-out" and admin.line() is None
        for admin in stuck:
            until(lambda: _left(admin.sock), "those that do not read to be closed", 30)
    watched.works()


def test_ten_thousand_connects(watched):
    """ten thousand connections: few are served at a time, the others are told so at once; calls go on, and afterwards all is as before [L7]"""
    before = watched.gateway.descriptors()
    busy = 0
    with ExitStack() as stack:
        held = [stack.enter_context(Admin(watched.admin)) for _ in range(SERVED)]
        for admin in held:
            assert "done" in admin.ask("log-level")
        for index in range(10000):
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(20)
                sock.connect(str(watched.admin))
                if index % 100 == 0:
                    busy += b'"code":"busy"' in sock.recv(4096)
                    watched.calls_go_on()
        assert busy == 100
        assert watched.gateway.descriptors() <= before + SERVED + 1
        assert "done" in held[0].ask("log-level")
    until(lambda: "done" in ask(watched.admin, "log-level"), "a place")
    watched.works()
    until(lambda: watched.gateway.descriptors() <= before, "the descriptors to be given back")


def test_memory(watched):
    """what clients send and do not read costs a bounded memory [L7]"""
    watched.works()
    before = watched.gateway.memory_kib()
    with ExitStack() as stack:
        for _ in range(SERVED - 1):
            admin = stack.enter_context(Admin(watched.admin))
            admin.sock.setblocking(False)
            for data in (b'{"command":"guests"}\n' * 3000, b"x" * LONGEST):
                try:
                    admin.sock.send(data)
                except BlockingIOError:
                    pass
        for _ in range(20):
            watched.works()
        # 31 answers of 3001 rows, some 400 bytes each as kept, and 350 KiB of lines: with sanitizers, several times that.
        assert watched.gateway.memory_kib() - before < 400 * 1024
    watched.works()
