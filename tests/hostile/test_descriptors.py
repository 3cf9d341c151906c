"""A gateway without descriptors left sheds the newest connection, sleeps, and recovers."""

import os
import time

import pytest
from peers import rpc, tirpc
from peers.client import Connection
from peers.gateway import Gateway
from peers.wait import until
from scene import P, USER, Scene, open_scene

DESCRIPTORS = 64


@pytest.fixture
def narrow(directory, stopping):
    """narrow is a Scene whose gateway may open 64 descriptors and whose guests may make more connections than that."""
    def start(text: str) -> Gateway:
        return stopping(Gateway(directory, text, prefix=["prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}"]))
    opened = open_scene(start, directory, stopping, hostile={"limits": {"connections": 1000}}, gateway={"workers": 2})
    yield opened
    opened.close()


def cpu_seconds(gateway: Gateway) -> float:
    with open(f"/proc/{gateway.process.pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def connect_many(opened: Scene, way: str, count: int) -> list[Connection]:
    """connect_many opens connections until the gateway has none to give or the kernel queues no more."""
    connections = []
    for _ in range(count):
        try:
            connections.append(opened.connect(way))
        except OSError:
            break
    return connections


@pytest.mark.parametrize("way", ["unix", "tcp"])
def test_out_of_descriptors(narrow, way):
    """out of descriptors over {way} the newest connections are closed, those that stand work, the processor idles, and new
    connections are served once there is room [L6]"""
    crowd = connect_many(narrow, way, 200)
    until(lambda: sum(connection.readable() for connection in crowd) >= 100, "the gateway to shed the newest connections")
    assert not crowd[0].readable()
    assert narrow.gateway.events("out-of-descriptors")
    narrow.witness_works()
    before, began = cpu_seconds(narrow.gateway), time.monotonic()
    while time.monotonic() - began < 1.0:
        narrow.witness_works()
        time.sleep(0.05)
    assert cpu_seconds(narrow.gateway) - before < 0.4
    for connection in crowd:
        connection.close()
    until(lambda: works(narrow, way), "a new connection to be served again")
    narrow.wait_empty(way)


def works(opened: Scene, way: str) -> bool:
    try:
        with opened.connect(way) as connection:
            connection.timeout = 2.0
            return connection.call(P, 1, tirpc.ECHO, USER, rpc.opaque(b"x")).outcome == "SUCCESS"
    except OSError:
        return False


def test_no_descriptor_for_the_link(narrow):
    """calls of connections for which no link can be opened wait, and are answered once there are descriptors again [L6, P10]"""
    crowd = connect_many(narrow, "unix", 200)
    until(lambda: sum(connection.readable() for connection in crowd) >= 100, "the gateway to shed the newest connections")
    alive = [connection for connection in crowd if not connection.readable()]
    for connection in alive[:3]:
        connection.send_call(P, 1, tirpc.ECHO, USER, rpc.opaque(b"x"))
    narrow.wait_counter("unix", "calls", 3)
    narrow.witness_works()
    for connection in crowd:
        if connection not in alive[:3]:
            connection.close()
    for connection in alive[:3]:
        assert connection.read_reply().outcome == "SUCCESS"
        connection.close()
