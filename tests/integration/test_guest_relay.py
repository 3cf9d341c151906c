"""gatehouse-guest between loopback and a unix socket: bytes, ends, resets, limits. What needs AF_VSOCK is in tests/vm."""

import fcntl
import random
import socket
import struct
import subprocess
import threading

import pytest
from guestrelay import SECONDS, Relay, Through, accept, all_of, is_closed, reset
from peers.build import program
from peers.ports import listening
from peers.process import Process
from peers.wait import until


@pytest.fixture
def relay(directory, stopping):
    return lambda *options: stopping(Relay(directory, *options))


@pytest.fixture
def upstream(directory):
    """upstream is the listening socket behind the relay."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(directory / "upstream.sock"))
        listener.listen(1024)
        listener.settimeout(SECONDS)
        yield listener


def test_both_ways_at_once(relay, upstream):
    """48 MiB each way at the same time arrive whole and in order, and each end is passed on while the other way goes on [V12]"""
    there, back = random.Random(1).randbytes(48 << 20), random.Random(2).randbytes(48 << 20)
    with relay().connect() as client, accept(upstream) as server:
        received = {}

        def speak(name, sock, data):
            writer = threading.Thread(target=lambda: (sock.sendall(data), sock.shutdown(socket.SHUT_WR)))
            writer.start()
            received[name] = all_of(sock)
            writer.join()
        threads = [threading.Thread(target=speak, args=each) for each in (("server", server, back), ("client", client, there))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert received["server"] == there
    assert received["client"] == back


def test_half_close(relay, upstream):
    """an end of the client's reaches the server while its answers still reach the client, and the other way round [V12]"""
    running = relay()
    with running.connect() as client, accept(upstream) as server:
        client.sendall(b"question")
        client.shutdown(socket.SHUT_WR)
        assert all_of(server) == b"question"
        server.sendall(b"answer")
        server.close()
        assert all_of(client) == b"answer"
    with running.connect() as client, accept(upstream) as server:
        server.sendall(b"greeting")
        server.shutdown(socket.SHUT_WR)
        assert all_of(client) == b"greeting"
        client.sendall(b"thanks")
        assert server.recv(100) == b"thanks"
        client.close()
        assert all_of(server) == b""


def test_silent_server(relay, upstream):
    """a server that reads to the end and closes without an answer ends its client's connection, and does not reset it [V12]"""
    running = relay()
    with running.connect() as client, accept(upstream) as server:
        client.sendall(b"x" * 1_000_000)
        client.shutdown(socket.SHUT_WR)
        assert len(all_of(server)) == 1_000_000
        server.close()
        assert all_of(client) == b""
    assert "closed-by-host" not in running.log()


def test_small_calls(relay, upstream):
    """each of 2000 small calls is passed on at once, on each of 20 connections [V12]"""
    running = relay()
    pairs = [(running.connect(), accept(upstream)) for _ in range(20)]
    for number in range(2000):
        for client, server in pairs:
            client.sendall(struct.pack(">I", number))
        for client, server in pairs:
            server.sendall(server.recv(100) * 2)
        for client, server in pairs:
            assert client.recv(100) == struct.pack(">II", number, number)
    for pair in pairs:
        for sock in pair:
            sock.close()
    until(lambda: running.descriptors() < 20, "the relay closes all of its sockets")


def test_backpressure(relay, upstream):
    """a client that is not read is made to wait, and the relay holds no more than a pipe of it [V12]"""
    running = relay()
    with running.connect() as client, accept(upstream) as server:
        client.setblocking(False)
        sent = 0
        with pytest.raises(BlockingIOError):
            while sent < 64 << 20:
                sent += client.send(bytes(1 << 16))
        with running.connect() as other, accept(upstream) as its_server:
            other.sendall(b"meanwhile")
            assert its_server.recv(100) == b"meanwhile"
        client.setblocking(True)
        client.shutdown(socket.SHUT_WR)
        assert len(all_of(server)) >= sent


def test_resets(relay, upstream):
    """a reset of the server's reaches the client as a reset, and one of the client's ends the server's connection [V12]"""
    running = relay()
    with running.connect() as client, accept(upstream) as server:
        client.sendall(b"never read")
        until(lambda: server.recv(1, socket.MSG_PEEK), "the bytes are there")
        server.close()  # with unread bytes: a reset
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    with Through(running, upstream) as (client, server):
        client.sendall(b"x")
        assert server.recv(1) == b"x"
        reset(client)
        assert is_closed(server)
    until(lambda: running.descriptors() < 20, "the relay closes all of its sockets")


def test_limit_keeps_places_for_root(relay, upstream):
    """ordinary callers get three quarters of the connections; the rest stays for callers on reserved ports [V5]"""
    running = relay("--max-connections", "8")
    with_places = [Through(running, upstream) for _ in range(6)]
    assert running.turns_away()
    privileged = []
    for port in (1001, 1002):
        client = running.connect(port)
        privileged.append((client, accept(upstream)))
    assert running.turns_away(1003)
    for client, server in [each.pair for each in with_places] + privileged:
        client.sendall(b"still served")
        assert server.recv(100) == b"still served"
        reset(client)
        server.close()
    until(lambda: running.descriptors() < 20, "the places are free again")
    assert "event=refused" in running.log() and "too many connections" in running.log()
    with Through(running, upstream) as (client, server):
        client.sendall(b"again")
        assert server.recv(100) == b"again"


def test_ten_thousand_connections(relay, upstream):
    """10 000 connections above the limit are closed, one by one, and who has a connection keeps it [V5]"""
    running = relay("--max-connections", "4")
    served = [Through(running, upstream) for _ in range(3)]
    before = running.descriptors()
    for _ in range(10_000):
        assert running.turns_away()
    assert running.descriptors() == before
    for each in served:
        client, server = each.pair
        client.sendall(b"kept")
        assert server.recv(100) == b"kept"
        each.__exit__()
    # One line a second at the most.
    assert running.log().count("event=refused") < 100


def test_host_comes_later(relay, directory):
    """a caller is kept waiting while nobody answers for the host, and is served when somebody does [V12]"""
    running = relay()
    with running.connect() as client:
        client.sendall(b"early")
        running.wait_for(lambda: "event=no-answer" in running.log(), "the relay says that nobody answers")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(running.upstream))
            listener.listen()
            listener.settimeout(SECONDS)
            with accept(listener) as server:
                assert server.recv(100) == b"early"


def test_host_never_comes(relay):
    """a caller is closed after some seconds when nobody answers for the host, and the log says what to do [V12]"""
    running = relay()
    with running.connect() as client:
        assert is_closed(client)
    assert "event=closed" in running.log()
    assert "start its server" in running.log()
    with running.connect() as client:  # who goes without a word is not waited for
        running.wait_for(lambda: running.descriptors() > 6, "the relay has taken the connection")
    until(lambda: running.descriptors() <= 6, "the relay has let it go")


def test_host_turns_away(relay, upstream):
    """a caller whom the host closes without a word is closed, and the log says what to do; who goes first is not waited for [V6]"""
    running = relay()
    with running.connect() as client:
        accept(upstream).close()
        assert is_closed(client)
    assert "event=closed-by-host" in running.log() and "[[guest]] entry" in running.log()
    before = running.descriptors()
    with running.connect():
        accept(upstream).close()
        running.wait_for(lambda: running.descriptors() == before + 1, "the relay has closed the host's side alone")
    until(lambda: running.descriptors() == before, "the relay has let the caller go")


@pytest.mark.parametrize("address", ["0.0.0.0:2049", "10.0.0.1:2049", "[::]:2049", "localhost:2049", "vsock:any:2049"])
def test_listens_on_loopback_alone(address, directory):
    """the relay does not listen on {address}: one line says why [V5]"""
    done = subprocess.run([program("guest/gatehouse-guest"), "--listen", address, "--to", f"unix:{directory}/x"], text=True,
                          stderr=subprocess.PIPE, timeout=SECONDS)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "speaks as this virtual machine" in done.stderr


def activated(listener: socket.socket, directory, *options) -> list:
    """activated returns the command that starts the relay as a service manager does, with the listening socket as descriptor 3."""
    script = f'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@" 3<&{listener.fileno()}'
    return ["/bin/bash", "-c", script, str(program("guest/gatehouse-guest")), "--to", f"unix:{directory}/upstream.sock", *options]


def test_service_manager(directory, stopping, upstream):
    """the relay takes the socket that the service manager passed, and tells it when it is ready [V12]"""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(directory / "notify"))
        manager.settimeout(SECONDS)
        stopping(Process(activated(listener, directory), directory / "relay.log", env={"NOTIFY_SOCKET": str(directory / "notify")},
                         pass_fds=[listener.fileno()]))
        assert manager.recv(100) == b"READY=1"
        with socket.create_connection(listener.getsockname(), SECONDS) as client, accept(upstream) as server:
            client.sendall(b"through")
            assert server.recv(100) == b"through"


def test_service_manager_passes_a_public_socket(directory):
    """a passed socket that is not loopback is refused, with the line of the unit to change [V5]"""
    with socket.create_server(("0.0.0.0", 0)) as listener:
        done = subprocess.run(activated(listener, directory), pass_fds=[listener.fileno()], text=True, stderr=subprocess.PIPE,
                              timeout=SECONDS)
    assert done.returncode == 1
    assert "ListenStream=127.0.0.1:2049" in done.stderr and "0.0.0.0" in done.stderr


def test_unix_listener(directory, stopping, upstream):
    """a unix socket is listened on by everybody's leave, and removed at SIGTERM [V5]"""
    path = directory / "local.sock"
    running = stopping(Relay(directory, "--listen", f"unix:{path}", listen=False))
    assert path.stat().st_mode & 0o777 == 0o666
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(SECONDS)
        client.connect(str(path))
        with accept(upstream) as server:
            client.sendall(b"through")
            assert server.recv(100) == b"through"
    assert running.stop() == 0
    assert not path.exists()


def test_ends_when_unused(directory, stopping, upstream):
    """a relay of the mount helper's ends when nobody is connected and nobody holds its lock, and not before [V12]"""
    (directory / "free").touch()
    with open(directory / "held", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        held = stopping(Relay(directory, "--exit-when-unused", lock.name))
        used = stopping(Relay(directory, "--exit-when-unused", str(directory / "free")))
        with used.connect() as client, accept(upstream) as server:
            unused = stopping(Relay(directory, "--exit-when-unused", str(directory / "free")))
            assert unused.popen.wait(SECONDS) == 0
            # Those two were there before the one that has ended.
            client.sendall(b"used")
            assert server.recv(100) == b"used"
            assert held.running() and used.running()
        assert used.popen.wait(SECONDS) == 0
        assert not listening(used.port)
        assert held.running()
    assert held.popen.wait(SECONDS) == 0
