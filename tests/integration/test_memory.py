"""Large transfers at constant memory."""

import subprocess
import threading

import pytest
from lanes import open_lanes
from nfslab import WEB1, WEB2, open_lab
from peers import nfs, rpc, tirpc
from peers.ganesha import Export, Ganesha
from peers.tirpc import TirpcServer
from peers.wait import holds_for

GIB = 1 << 30
GROWTH_KIB = 6 * 1024


@pytest.fixture
def ganesha(directory, stopping):
    return stopping(Ganesha(directory / "ganesha", [Export("big", (WEB1, WEB2))]))


def test_read_a_gibibyte(gateway, ganesha):
    """a read of 1 GiB through the gateway does not raise its memory [P6]"""
    with open(ganesha.path("big") / "zeros", "wb") as sparse:
        sparse.truncate(GIB)
    (ganesha.path("big") / "small").write_bytes(bytes(1 << 20))
    lab = open_lab(gateway, ganesha)
    mount = lab.mount("web1", "big", uid=1000, gid=100)
    assert len(nfs.cat(mount, "small")) == 1 << 20
    before = lab.gateway.memory_kib()
    with subprocess.Popen(["nfs-cat", mount.url("zeros")], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as reader:
        received = sum(len(block) for block in iter(lambda: reader.stdout.read(1 << 20), b""))
    assert (reader.returncode, received) == (0, GIB)
    assert lab.gateway.peak_kib() - before < GROWTH_KIB


def test_write_a_gibibyte(gateway, directory, stopping):
    """1 GiB sent and received in calls of 1 MiB does not raise the gateway's memory [P6]"""
    server = stopping(TirpcServer(directory / "server.log", path=directory / "server.sock"))
    lanes = open_lanes(gateway, directory, server.address)
    assert lanes.over_unix("echo", 1 << 20, "--repeat", 32).ok
    before = lanes.gateway.memory_kib()
    assert lanes.over_unix("echo", 1 << 20, "--repeat", 1024).words == {"bytes": str(1 << 20), "times": "1024"}
    assert lanes.gateway.peak_kib() - before < GROWTH_KIB


def test_client_that_does_not_read(gateway, directory, stopping):
    """replies to a client that reads nothing stay at the backend: memory does not grow, and all arrive once it reads [L6]"""
    server = stopping(TirpcServer(directory / "server.log", path=directory / "server.sock"))
    lanes = open_lanes(gateway, directory, server.address)
    calls, megabyte = 200, bytes(1 << 20)
    with lanes.connect() as connection:
        assert connection.call(tirpc.PROGRAM, 1, tirpc.ECHO, rpc.auth_sys(1000, 100), rpc.opaque(megabyte)).outcome == "SUCCESS"
        before = lanes.gateway.memory_kib()
        connection.timeout = 1.0
        sent = _send_until_blocked(connection, calls, rpc.opaque(megabyte))
        assert sent < calls
        assert holds_for(lambda: lanes.gateway.peak_kib() - before < GROWTH_KIB, 0.5)
        connection.timeout = 20.0
        for _ in range(sent):
            assert connection.read_reply().results == rpc.opaque(megabyte)


def _send_until_blocked(connection, limit: int, arguments: bytes) -> int:
    """_send_until_blocked sends calls, each with an xid of its own, until the other end stops reading; a thread finishes the one
    begun then while the test reads. Returns the number of calls, that one included."""
    for count in range(limit):
        call = rpc.record(rpc.call(count, tirpc.PROGRAM, 1, tirpc.ECHO, rpc.auth_sys(1000, 100), arguments))
        at = 0
        while at < len(call):
            connection.sock.settimeout(1.0)
            try:
                at += connection.sock.send(call[at:])
            except TimeoutError:
                writer = connection.sock.dup()
                writer.settimeout(60.0)  # not None: the descriptors share one O_NONBLOCK
                threading.Thread(target=lambda rest: (writer.sendall(rest), writer.close()), args=(call[at:],), daemon=True).start()
                return count + 1
    return limit
