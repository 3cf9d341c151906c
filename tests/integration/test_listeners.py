"""Listeners of each kind that this machine can have, and what becomes of them."""

import os
import socket
import stat
import time

import pytest
from peers import rpc, toml
from peers.client import Connection, connect_tcp, connect_unix
from peers.gateway import run, write_config
from peers.netns import Namespace
from peers.ports import free_port
from peers.process import Process
from peers.scripted import Scripted
from peers.wait import until

PROGRAM = 0x20000001
USER = rpc.auth_sys(1000, 100)


@pytest.fixture
def backend(directory, stopping):
    return stopping(Scripted(directory / "backend.sock"))


@pytest.fixture
def start(gateway, backend):
    """start starts the gateway with one listener "in" of the address (and further keys) given, before the backend."""
    def begin(address: str, guest: dict | None = None, prefix=(), **keys):
        text = toml.entry("listener", "in", address=address, **keys) + toml.config(
            {}, {"peer": {"address": backend.address, "programs": [f"{PROGRAM}:1-2"]}},
            {"web1": {"backends": ["peer"], **(guest or {"listener": "in"})}})
        return gateway(text, prefix=prefix)
    return begin


def served(backend, connection: Connection) -> rpc.SysCredential:
    """served makes a call, which must succeed, and returns the credential that the backend received."""
    with connection:
        assert connection.call(PROGRAM, 1, 1, USER, b"data").results == b"data"
    return rpc.parse_auth_sys(backend.calls[-1].credential)


def answered(connect) -> Connection | None:
    try:
        return connect()
    except OSError:
        return None


def test_hybrid(start, directory, backend):
    """a hybrid listener is the socket UDS_PATH_PORT, as a Firecracker guest's connection arrives at it [A3]"""
    start(f"hybrid:{directory}/fc1.sock:2049")
    assert served(backend, connect_unix(directory / "fc1.sock_2049")).uid == 1000


def test_hybrid_is_identity(gateway, directory, backend):
    """two hybrid listeners are two guests, whatever they claim [A3, L3]"""
    gateway(toml.config({"fc1": f"hybrid:{directory}/a.sock:2049", "fc2": f"hybrid:{directory}/b.sock:2049"},
                        {"peer": {"address": backend.address, "programs": [f"{PROGRAM}:1-2"]}},
                        {"web1": {"listener": "fc1", "backends": ["peer"]}, "web2": {"listener": "fc2", "backends": ["peer"]}}))
    names = [served(backend, connect_unix(directory / f"{name}.sock_2049")).machine for name in "ab"]
    assert names == [b"web1", b"web2"]


@pytest.mark.parametrize("mode,bits", [(None, 0o600), ("0600", 0o600), ("0660", 0o660), ("0666", 0o666)])
def test_mode(start, directory, backend, mode, bits):
    """a socket file with mode = {mode} has the permissions {bits} [A3]"""
    start(f"unix:{directory}/in.sock", **({"mode": mode} if mode else {}))
    assert stat.S_IMODE((directory / "in.sock").stat().st_mode) == bits


def test_group(start, directory, backend):
    """a socket file belongs to the group that is configured [A3]"""
    start(f"unix:{directory}/in.sock", mode="0660", group="daemon")
    assert (directory / "in.sock").stat().st_gid == 1


def test_unix_uid(start, directory, backend):
    """the uid of a unix peer is an identity key [V6]"""
    start(f"unix:{directory}/in.sock", guest={"uid": os.getuid()})
    assert served(backend, connect_unix(directory / "in.sock")).machine == b"web1"


def test_stale_socket(start, directory, backend):
    """a socket file that nobody listens on is replaced [A3]"""
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(directory / "in.sock"))
    left.close()
    start(f"unix:{directory}/in.sock")
    assert served(backend, connect_unix(directory / "in.sock")).uid == 1000


def test_socket_in_use(directory, backend, stopping):
    """a socket file that somebody listens on is left alone: the gateway does not start, and says why [A3]"""
    path = directory / "in.sock"
    stopping(Scripted(path, answer=lambda call: rpc.record(rpc.success(call.xid, b"other"))))
    config = write_config(directory, toml.config({"in": f"unix:{path}"}, {"peer": {"address": backend.address, "programs": [f"{PROGRAM}:1-2"]}},
                                                 {"web1": {"listener": "in", "backends": ["peer"]}}))
    outcome = run("gatehoused", "--config", config, env={"STATE_DIRECTORY": str(directory)})
    assert outcome.status == 1 and str(path) in outcome.err
    with connect_unix(path) as connection:
        assert connection.call(PROGRAM, 1, 1, USER).results == b"other"


def test_missing_directory(start, directory, backend):
    """a listener whose directory is not there yet is retried until it is [A3]"""
    running = start(f"hybrid:{directory}/vm/fc1.sock:2049")
    assert running.process.running()
    (directory / "vm").mkdir()
    connection = until(lambda: answered(lambda: connect_unix(directory / "vm" / "fc1.sock_2049")), "the listener to come up", 30)
    assert served(backend, connection).uid == 1000


def test_socket_file_is_removed(start, directory, backend):
    """the socket file is gone after the gateway has stopped [A3]"""
    running = start(f"unix:{directory}/in.sock")
    running.stop()
    assert not (directory / "in.sock").exists()


def test_systemd(gateway, directory, backend):
    """a listening socket that systemd passes is served, and stays systemd's [A3]"""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(directory / "passed.sock"))
    listener.listen()
    os.set_inheritable(listener.fileno(), True)
    text = toml.config({"in": "systemd:nfs"}, {"peer": {"address": backend.address, "programs": [f"{PROGRAM}:1-2"]}},
                       {"web1": {"listener": "in", "backends": ["peer"]}})
    pass_it = f'LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=nfs; export LISTEN_PID LISTEN_FDS LISTEN_FDNAMES; exec 3<&{listener.fileno()}; exec "$@"'
    running = gateway(text, prefix=("bash", "-c", pass_it, "bash"), pass_fds=(listener.fileno(),))
    assert served(backend, connect_unix(directory / "passed.sock")).uid == 1000
    running.stop()
    assert (directory / "passed.sock").exists()
    listener.close()


@pytest.fixture
def host(directory, stopping):
    """host is a network namespace with two guests' interfaces, tap0 and tap1, each linked to a guest of its own."""
    namespaces = {name: stopping(Namespace(directory / f"{name}.log")) for name in ("host", "guest0", "guest1")}
    for number in (0, 1):
        namespaces["host"].link_to(namespaces[f"guest{number}"], f"tap{number}", "fe80::1", "eth0", "fe80::2")
    return namespaces


def test_link_local(start, host, backend):
    """a guest on an IPv6 link-local address is known by its interface, and its source port counts [A2, V5]"""
    start("tcp:[fe80::1%tap0]:2049", guest={"interface": "tap0"}, prefix=host["host"].prefix)
    assert served(backend, Connection(host["guest0"].connect("fe80::1", "eth0", 2049, 700))).machine == b"web1"
    with Connection(host["guest0"].connect("fe80::1", "eth0", 2049)) as connection:
        assert connection.call(PROGRAM, 1, 1, USER).outcome == "AUTH_ERROR TOOWEAK"


def test_other_interface(start, host, backend):
    """a guest on another interface with the same address does not reach the listener [A2, L3]"""
    start("tcp:[fe80::1%tap0]:2049", guest={"interface": "tap0"}, prefix=host["host"].prefix)
    with pytest.raises(ConnectionRefusedError):
        host["guest1"].connect("fe80::1", "eth0", 2049, 700)


def test_missing_interface(start, host, backend, directory, stopping):
    """a listener whose interface is not there yet is retried until it is [A2]"""
    start("tcp:[fe80::1%tap7]:2049", guest={"interface": "tap7"}, prefix=host["host"].prefix)
    late = stopping(Namespace(directory / "guest7.log"))
    host["host"].link_to(late, "tap7", "fe80::1", "eth0", "fe80::2")
    sock = until(lambda: answered(lambda: late.connect("fe80::1", "eth0", 2049, 700)), "the listener to come up", 30)
    assert served(backend, Connection(sock)).machine == b"web1"


def test_out_of_descriptors(gateway, directory, backend):
    """out of descriptors the newest connections are shed, those that stand are served, and the processor is left alone [L6]"""
    port = free_port()
    running = gateway(toml.config({"in": f"tcp:127.0.0.1:{port}"}, {"peer": {"address": backend.address, "programs": [f"{PROGRAM}:1-2"]}},
                                  {"web1": {"listener": "in", "backends": ["peer"], "limits": {"connections": 4096}}}),
                      prefix=("prlimit", "--nofile=64:64"))
    with connect_tcp(port) as first:
        assert first.call(PROGRAM, 1, 1, USER, b"one").results == b"one"
        crowd = [connect_tcp(port, privileged=False) for _ in range(100)]
        until(lambda: any(connection.readable() for connection in crowd), "the gateway to shed a connection")
        before = _cpu_seconds(running.process)
        began = time.monotonic()
        while time.monotonic() - began < 1.0:
            assert first.call(PROGRAM, 1, 1, USER, b"two").results == b"two"
            time.sleep(0.05)
        assert _cpu_seconds(running.process) - before < 0.5
        for connection in crowd:
            connection.close()
    connection = until(lambda: _serving(port), "a new connection to be served again")
    assert connection.outcome == "SUCCESS"


def _serving(port: int) -> rpc.Reply | None:
    try:
        with connect_tcp(port, timeout=2.0) as connection:
            return connection.call(PROGRAM, 1, 1, USER)
    except OSError:
        return None


def _cpu_seconds(process: Process) -> float:
    fields = open(f"/proc/{process.pid}/stat").read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
