"""Peers that are nobody, and listeners that somebody is in the way of."""

import os
import socket
import subprocess
import threading
import time

import pytest
from peers import rpc, tirpc, toml
from peers.build import program
from peers.client import Connection, connect_tcp, connect_unix
from peers.gateway import run, write_config
from peers.ports import free_port
from peers.wait import until
from scene import P, USER, send_all
from tap import Tap

ME, OTHER = os.getuid(), os.getuid() + 12345


@pytest.fixture
def server(directory, stopping):
    stopping(tirpc.TirpcServer(directory / "server.log", path=directory / "server.sock"))
    return stopping(Tap(directory / "tap.sock", directory / "server.sock"))


@pytest.fixture
def start(gateway, server):
    """start starts the gateway with listeners (name = address) and guests (name = identity keys)."""
    def begin(listeners: dict, guests: dict, **options):
        return gateway(text(server, listeners, guests), **options)
    return begin


def text(server, listeners: dict, guests: dict) -> str:
    return toml.config(listeners, {"server": {"address": server.address, "programs": [f"{P}:1-2"]}},
                       {name: {"backends": ["server"], **keys} for name, keys in guests.items()})


def answered(connection: Connection) -> bool:
    with connection:
        return connection.call(P, 1, tirpc.ECHO, USER, rpc.opaque(b"data")).outcome == "SUCCESS"


STRANGERS = [("a user that no guest has, on a unix listener", "unix:{}/in.sock", "in.sock"),
             ("a VMM of another user, on a hybrid listener", "hybrid:{}/vm.sock:2049", "vm.sock_2049")]


@pytest.mark.parametrize("what,address,path", STRANGERS, ids=[case[0] for case in STRANGERS])
def test_unknown_uid(start, directory, server, what, address, path):
    """{what}: closed before a byte of it is read, counted and logged; nothing reaches the server [V4, L6]"""
    running = start({"in": address.format(directory)}, {"web1": {"listener": "in", "uid": OTHER}})
    for _ in range(30):
        with connect_unix(directory / path) as connection:
            send_all(connection, rpc.record(rpc.call(7, P, 1, tirpc.ECHO, USER, rpc.opaque(b"data"))))
            assert connection.closed()
    line = running.wait_event("no-guest")
    assert line["listener"] == "in" and f"uid={ME}" in line["peer"]
    assert len(running.events("no-guest")) <= 20
    assert "bytes_in" not in running.counters("web1") and server.connections == 0
    until(lambda: running.events("counters", no_guest="30"), "30 strangers counted")


@pytest.mark.parametrize("address,path", [("unix:{}/in.sock", "in.sock"), ("hybrid:{}/vm.sock:2049", "vm.sock_2049")], ids=["unix", "hybrid"])
def test_known_uid(start, directory, server, address, path):
    """the user that a guest entry names is that guest on its {address} listener [V4, A3]"""
    start({"in": address.format(directory)}, {"web1": {"listener": "in", "uid": ME}, "web2": {"listener": "in", "uid": OTHER}})
    assert answered(connect_unix(directory / path))
    assert len(server.of("web1")) == 1


def test_nobody_on_tcp(start, directory, server):
    """a TCP listener that no guest entry names takes nobody [V4]"""
    port = free_port()
    running = start({"in": f"unix:{directory}/in.sock", "tcp": f"tcp:127.0.0.1:{port}"}, {"web1": {"listener": "in"}})
    with connect_tcp(port, privileged=False) as connection:
        assert connection.closed()
    assert running.wait_event("no-guest")["listener"] == "tcp"


def test_unprivileged_port(start, directory, server):
    """AUTH_SYS from a source port of 1024 or above is AUTH_TOOWEAK by the rule secure and is never forwarded [V5]"""
    port = free_port()
    running = start({"tcp": f"tcp:127.0.0.1:{port}"}, {"web1": {"listener": "tcp"}})
    with connect_tcp(port, privileged=False) as connection:
        assert connection.call(P, 1, tirpc.ECHO, USER).outcome == "AUTH_ERROR TOOWEAK"
        assert connection.call(P, 1, tirpc.ECHO, rpc.auth_sys(0, 0)).outcome == "AUTH_ERROR TOOWEAK"
    assert running.counters("web1")["rule-secure"] == 2 and server.connections == 0
    assert running.events("refused", rule="secure", uid="0")


def not_started(directory, server, address: str) -> str:
    """not_started demands that the gateway refuses to start with the listener, and returns what it says."""
    config = write_config(directory, text(server, {"in": address}, {"web1": {"listener": "in"}}))
    outcome = run("gatehoused", "--config", config, env={"STATE_DIRECTORY": str(directory)})
    assert outcome.status == 1
    return outcome.err


@pytest.mark.parametrize("what", ["a file", "a directory", "a symbolic link to a socket"])
def test_in_the_way(directory, server, what):
    """{what} where the socket should be is left alone: the gateway does not start, and says what is in the way [A3]"""
    path = directory / "in.sock"
    if what == "a file":
        path.write_text("precious")
    elif what == "a directory":
        path.mkdir()
    else:
        path.symlink_to(directory / "tap.sock")
    assert f"{path} is in the way and not a socket" in not_started(directory, server, f"unix:{path}")
    assert path.is_symlink() or path.is_dir() or path.read_text() == "precious"


def test_live_socket(directory, server):
    """a socket on which somebody listens is left alone, and the error names it and what to do [A3]"""
    said = not_started(directory, server, f"unix:{directory}/server.sock")
    assert f"another process listens on {directory}/server.sock" in said and "stop it or choose another path" in said
    assert answered(connect_unix(directory / "server.sock"))


def test_stale_socket(start, directory, server):
    """a socket file that is left over is replaced by one of the configured mode [A3]"""
    path = directory / "in.sock"
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    start({"in": f"unix:{path}"}, {"web1": {"listener": "in"}})
    assert path.stat().st_mode & 0o7777 == 0o600
    assert answered(connect_unix(path))


def test_busy_gateway_still_retries(start, directory):
    """a listener whose directory comes later comes up although connections arrive at another listener all the time [A3, L6]"""
    start({"in": f"unix:{directory}/in.sock", "late": f"unix:{directory}/late/late.sock"}, {"web1": {"listener": "in"}, "web2": {"listener": "late"}})
    done = threading.Event()
    threading.Thread(target=_knock, args=(directory / "in.sock", done), daemon=True).start()
    try:
        (directory / "late").mkdir()
        until(lambda: (directory / "late" / "late.sock").exists(), "the late listener", 8.0)
    finally:
        done.set()
    assert answered(until(lambda: _connected(directory / "late" / "late.sock"), "a connection to the late listener"))


def _knock(path, done: threading.Event) -> None:
    while not done.is_set():
        connect_unix(path).close()
        time.sleep(0.05)


def _connected(path) -> Connection | None:
    try:
        return connect_unix(path)
    except OSError:
        return None


# The protocol of sd_listen_fds(3): descriptors from 3 on, for the process whose id LISTEN_PID is.
PASS = 'export LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=nfs; exec 3<&{}; exec "$@"'


def passed(listener: socket.socket) -> dict:
    """passed are Gateway's options that hand the socket over as systemd does, by the name "nfs"."""
    return {"prefix": ("bash", "-c", PASS.format(listener.fileno()), "bash"), "pass_fds": (listener.fileno(),)}


def test_systemd_unix(start, directory, server):
    """a unix socket that the service manager passes is served; its peers are checked by uid as on any other [A3, V4]"""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(directory / "passed.sock"))
        listener.listen()
        start({"in": "systemd:nfs"}, {"web1": {"listener": "in", "uid": ME}}, **passed(listener))
        assert answered(connect_unix(directory / "passed.sock"))


def test_systemd_tcp(start, server):
    """of a TCP socket that the service manager passes the source port counts [A3, V5]"""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", free_port()))
        listener.listen()
        start({"in": "systemd:nfs"}, {"web1": {"listener": "in"}}, **passed(listener))
        with connect_tcp(listener.getsockname()[1], privileged=False) as connection:
            assert connection.call(P, 1, tirpc.ECHO, USER).outcome == "AUTH_ERROR TOOWEAK"


def test_systemd_any_address(directory, server):
    """a passed TCP socket that is bound to every address is refused, with what to write instead [A3, L3]"""
    config = write_config(directory, text(server, {"in": "systemd:nfs"}, {"web1": {"listener": "in"}}))
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", free_port()))
        listener.listen()
        status, said = _run_passed(config, listener)
    assert status == 1 and "forge" in said


def test_systemd_nothing_passed(directory, server):
    """without the socket it names, a systemd listener does not start, and says which unit setting is missing [A3]"""
    assert "FileDescriptorName=nfs" in not_started(directory, server, "systemd:nfs")


def _run_passed(config, listener: socket.socket) -> tuple[int, str]:
    options = passed(listener)
    done = subprocess.run([*options["prefix"], str(program("proxy/gatehoused")), "--config", str(config)], pass_fds=options["pass_fds"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30,
                          env={**os.environ, "STATE_DIRECTORY": str(config.parent)})
    return done.returncode, done.stderr
