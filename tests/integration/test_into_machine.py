"""The other direction: programs of this host reach an RPC service inside a virtual machine."""

import socket
import subprocess

import pytest
from lanes import open_lanes
from peers import rpc, tirpc, toml
from peers.client import Closed
from peers.rpc import auth_sys, opaque
from peers.scripted import Scripted
from peers.tirpc import PROGRAM, TirpcServer
from peers.vmm import Monitor
from peers.wait import until

PORT = 700
USER = auth_sys(1000, 100)
REQUEST = b"CONNECT 700\n"


@pytest.fixture
def machine(directory, stopping):
    """machine is a monitor whose virtual machine serves RPC, by libtirpc, on port 700."""
    path = directory / "agent.sock"
    stopping(TirpcServer(directory / "agent.log", path=path))
    return stopping(Monitor(directory / "v.sock", {PORT: path}))


@pytest.fixture
def lanes_to(gateway, directory):
    """lanes_to starts the gateway before a monitor."""
    return lambda monitor, port=PORT, **keys: open_lanes(gateway, directory, f"{monitor.address}:{port}", **keys)


def test_served(lanes_to, machine):
    """a host program's call reaches the service behind the monitor's socket with the credential that policy makes [V9]"""
    lanes = lanes_to(machine)
    answer = lanes.over_unix("who", uid=0, gid=100, gids=(5,))
    assert answer.ids == (65534, 100, [5])
    assert machine.requests == [REQUEST]


def test_policy(lanes_to, machine):
    """programs and flavors are checked on the way into a machine as on the way out [V9, P8]"""
    lanes = lanes_to(machine, guest={"programs": [f"{PROGRAM}:1"], "sec": ["sys"]})
    with lanes.connect() as connection:
        assert connection.call(PROGRAM, 2, 0, USER).outcome == "PROG_MISMATCH 1-1"
        assert connection.call(100003, 4, 0, USER).outcome == "PROG_UNAVAIL"
        assert connection.call(PROGRAM, 1, tirpc.ECHO, rpc.AUTH_NONE, opaque(b"x")).outcome == "AUTH_ERROR TOOWEAK"
        assert machine.requests == []
        assert connection.call(PROGRAM, 1, tirpc.ECHO, USER, opaque(b"x")).results == opaque(b"x")


def test_peer_credentials(gateway, directory, machine):
    """who may call into the machine is told by SO_PEERCRED: another user is turned away before a byte is read [V9, L7]"""
    path = directory / "in.sock"
    directory.chmod(0o755)
    gateway(toml.entry("listener", "in", address=f"unix:{path}", mode="0666") + toml.config(
        {}, {"agent": {"address": f"{machine.address}:{PORT}", "programs": [f"{PROGRAM}:1-2"]}},
        {"operator": {"uid": 4711, "squash": "all", "anonuid": 4711, "anongid": 4711, "backends": ["agent"]}}))
    def as_user(uid: int) -> subprocess.CompletedProcess:
        command = tirpc.client_command(tirpc.unix(path), "who", uid=0, gid=0)
        return subprocess.run(["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", *map(str, command)],
                              capture_output=True, text=True, timeout=20)
    assert tirpc.parse_answer(as_user(4711).stdout).ids == (4711, 4711, [])
    assert as_user(4712).returncode != 0
    assert machine.requests == [REQUEST]


def test_bulk(lanes_to, machine):
    """large calls and replies pass unchanged, and each session has a connection of its own into the machine [V9]"""
    lanes = lanes_to(machine)
    data = opaque(bytes(range(256)) * 4096)
    with lanes.connect() as one, lanes.connect() as other:
        for connection in (one, other, one):
            assert connection.call(PROGRAM, 1, tirpc.ECHO, USER, data).results == data
    assert machine.requests == [REQUEST] * 2


@pytest.mark.parametrize("pieces", [[bytes([byte]) for byte in b"OK 4294967295\n"], [b"OK ", b"1\n"], [b"OK 0\n"]], ids=["bytes", "two", "zero"])
def test_answer_in_pieces(lanes_to, machine, pieces):
    """the monitor's answer may come in pieces and have any number of 32 bits [A3]"""
    machine.answer, machine.connected = pieces, True
    lanes = lanes_to(machine)
    assert lanes.over_unix("who", uid=1000, gid=100).ids == (1000, 100, [])


def test_right_behind(lanes_to, machine):
    """what the service says right behind the monitor's answer is its own: a call of the backchannel reaches the client [A3, V12]"""
    machine.answer, machine.connected = [b"OK 9\n" + rpc.record(rpc.call(77, 0x40000000, 1, 0))], True
    lanes = lanes_to(machine)
    with lanes.connect() as connection:
        connection.send_call(PROGRAM, 1, 0, USER)
        messages = [connection.read_record() for _ in range(2)]
    assert rpc.parse_call(messages[0]).xid == 77
    assert rpc.parse_reply(messages[1]).outcome == "SUCCESS"


def test_nobody_listens(lanes_to, machine):
    """calls wait while nothing listens in the machine, the log says so, and they are answered when something does [V9]"""
    service = machine.ports.pop(PORT)
    lanes = lanes_to(machine)
    with lanes.connect() as connection:
        xid = connection.send_call(PROGRAM, 1, 0, USER)
        assert "nothing listens on that port" in lanes.gateway.wait_event("backend-down", backend="peer")["error"]
        machine.wait_requests(2)
        machine.ports[PORT] = service
        assert connection.read_reply().xid == xid
    lanes.gateway.wait_event("backend-up", backend="peer")


def left(sock: socket.socket) -> bytes:
    """left is what came on a socket that was closed, perhaps by a reset because the answer lay there unread."""
    try:
        return sock.recv(1)
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n", b"OK\n", b"OK \n", b"OK x\n", b"ok 1\n", b"OK 1\r\n", b"OK -1\n", b"\n",
                                    b"OK 12345678901234567890\n", b"\0" * 14, b"ERR 1\n", b"OK 1 1\n"], ids=repr)
def test_no_monitor(lanes_to, machine, answer):
    """a socket that answers {answer} is no monitor: nothing of the call is sent to it and the log says so [A3]"""
    machine.answer = [answer]
    lanes = lanes_to(machine, backend_keys={"connect_timeout": "1s"})
    with lanes.connect() as connection:
        connection.send_call(PROGRAM, 1, 0, USER)
        assert "it is no virtual machine monitor's" in lanes.gateway.wait_event("backend-down", backend="peer")["error"]
        with pytest.raises(Closed):
            connection.read_reply()
    assert all(left(sock) == b"" for sock in machine.opened)


def test_no_answer(lanes_to, machine):
    """a monitor that never answers holds a call for connect_timeout, then the session is closed [A3]"""
    machine.answer = [b"OK 1"]
    lanes = lanes_to(machine, backend_keys={"connect_timeout": "1s"})
    with lanes.connect() as connection:
        connection.send_call(PROGRAM, 1, 0, USER)
        with pytest.raises(Closed):
            connection.read_reply()
    lanes.gateway.wait_event("closed", guest="web1", reason="backend-unreachable")


def test_machine_gone(lanes_to, directory, stopping):
    """a machine that goes with a call under way closes the caller's connection; nothing is left in flight [V9]"""
    service = stopping(Scripted(directory / "silent.sock", answer=lambda call: None))
    machine = stopping(Monitor(directory / "v.sock", {PORT: directory / "silent.sock"}))
    lanes = lanes_to(machine, programs=[f"{PROGRAM}:1"])
    with lanes.connect() as connection:
        connection.send_call(PROGRAM, 1, 0, USER)
        service.wait_calls(1)
        machine.stop()
        with pytest.raises(Closed):
            connection.read_reply()
    until(lambda: lanes.gateway.counters("web1")["in_flight"] == 0, "no call in flight")
