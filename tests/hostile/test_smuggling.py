"""Bytes of a body never become a call: whatever the server does meanwhile, what reaches it carries the gateway's credential."""

import socket
import threading

import pytest
from peers import rpc, tirpc, toml
from peers.client import Connection, connect_unix
from peers.rpc import auth_sys, u32
from peers.wait import until
from scene import GUESTS, P, USER, echo

FORGED = rpc.record(rpc.call(99, P, 1, tirpc.ECHO, auth_sys(0, 0, machine=b"forged"), rpc.opaque(b"forged")))


def forged(calls) -> list[rpc.Call]:
    return [call for call in calls if b"forged" in call.credential]


@pytest.mark.parametrize("pieces", [1, 2])
def test_server_answers_before_the_body(scene, pieces):
    """a server that answers a call before its body has come, and then goes away, does not get the rest of the body as a new stream
    (and the call after it in {pieces} piece(s)) [V5, P10]"""
    opened = scene()
    with opened.connect() as connection:
        head = rpc.call(7, P, 1, 77, USER)
        connection.send(u32(rpc.LAST_FRAGMENT | len(head) + len(FORGED)) + head)
        assert connection.read_reply().outcome == "PROC_UNAVAIL"
        descriptors = opened.gateway.descriptors()
        opened.tap.drop()
        until(lambda: opened.gateway.descriptors() < descriptors, "the gateway to see that the server has gone")
        for piece in [FORGED + rpc.record(echo(xid=8))] if pieces == 1 else [FORGED, rpc.record(echo(xid=8))]:
            _send(connection, piece)
        connection.timeout = 2.0
        until_quiet(connection)
    assert forged(opened.tap.calls) == [] and opened.tap.errors == []
    assert all(call.arguments == rpc.opaque(b"data") for call in opened.tap.of(GUESTS["unix"]) if call.procedure == tirpc.ECHO)


class Caller:
    """Caller is a server that calls its client back on the first connection, closes that one when `hang_up` is set, and keeps
    what comes on the later ones in `later`."""

    def __init__(self, path):
        self.hang_up = threading.Event()
        self.later = bytearray()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        self.hang_up.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _run(self) -> None:
        try:
            with Connection(self._listener.accept()[0]) as first:
                call = rpc.parse_call(first.read_record())
                first.send(rpc.record(rpc.success(call.xid)) + rpc.record(rpc.call(5, 0x40000000, 1, 1)))
                self.hang_up.wait(10.0)
            sock = self._listener.accept()[0]
            while data := sock.recv(65536):
                self.later += data
        except (OSError, rpc.Malformed):
            pass


def test_server_goes_in_the_middle_of_a_callback_reply(gateway, directory, stopping):
    """the rest of a reply to a call of the server does not reach the server as a new stream after it went away [V5, V12]"""
    server = stopping(Caller(directory / "server.sock"))
    running = gateway(toml.config({"in": f"unix:{directory}/in.sock"}, {"server": {"address": f"unix:{directory}/server.sock", "programs": [f"{P}:1"]}},
                                  {"web1": {"listener": "in", "backends": ["server"]}}))
    with connect_unix(directory / "in.sock") as connection:
        assert connection.call(P, 1, 1, USER).outcome == "SUCCESS"
        assert rpc.parse_call(connection.read_record()).program == 0x40000000
        answer = rpc.success(5)
        connection.send(u32(rpc.LAST_FRAGMENT | len(answer) + len(FORGED)) + answer)
        until(lambda: running.counters("web1").get("bytes_in", 0) >= len(answer), "the gateway to have read the reply's head")
        descriptors = running.descriptors()
        server.hang_up.set()
        until(lambda: running.descriptors() < descriptors, "the gateway to see that the server has gone")
        _send(connection, FORGED + rpc.record(echo(xid=8)))
        until(lambda: server.later or connection.readable(), "the gateway to go on, or to close")
        connection.timeout = 1.0
        until_quiet(connection)
    assert b"forged" not in server.later


def _send(connection: Connection, data: bytes) -> None:
    try:
        connection.send(data)
    except ConnectionError:
        pass


def until_quiet(connection: Connection) -> None:
    """until_quiet reads until the connection is closed or nothing comes for its timeout."""
    connection.sock.settimeout(connection.timeout)
    try:
        while connection.sock.recv(65536):
            pass
    except (ConnectionError, TimeoutError):
        pass
