"""Limits per guest: who exceeds one hurts only itself."""

import socket
import threading
import time

import pytest
from peers import rpc, tirpc
from peers.client import Closed, Connection
from peers.rpc import fragment, u32
from peers.wait import until
from scene import GUESTS, P, USER, WAYS, echo, send_all

ways = pytest.mark.parametrize("way", WAYS)
MIB = 1 << 20


def gone(connection: Connection) -> bool:
    """gone says whether the gateway has closed the connection by now."""
    return connection.readable() and connection.closed(0.1)


@ways
def test_connections(scene, way):
    """over {way} a guest's connection beyond its limit is closed at once, counted and logged; its others and other guests' are not,
    and it may connect again after it has closed one [L6]"""
    opened = scene(hostile={"limits": {"connections": 5}})
    kept = [opened.connect(way) for _ in range(5)]
    with opened.counted(way, connections_shed=10):
        for _ in range(10):
            with opened.connect(way) as more:
                assert more.closed()
    assert opened.gateway.wait_event("connection-limit", guest=GUESTS[way])["limit"] == "5"
    for connection in kept:
        assert connection.call(P, 1, tirpc.ECHO, USER, rpc.opaque(b"x")).outcome == "SUCCESS"
    others = [opened.connect("honest") for _ in range(20)]
    for connection in others:
        assert connection.call(P, 1, tirpc.ECHO, USER, rpc.opaque(b"x")).outcome == "SUCCESS"
    kept[0].close()
    until(lambda: _works(opened, way), "a new connection after one was closed")
    for connection in kept[1:] + others:
        connection.close()


def _works(opened, way: str) -> bool:
    try:
        with opened.connect(way) as connection:
            return connection.call(P, 1, tirpc.ECHO, USER, rpc.opaque(b"x")).outcome == "SUCCESS"
    except (Closed, ConnectionError):
        return False


@ways
def test_in_flight(scene, way):
    """over {way} a guest with thousands of slow calls on its way waits for its own replies, gets every one of them, and keeps no other
    guest waiting [L6]"""
    opened = scene(hostile={"limits": {"in_flight": 4, "connections": 8}})
    calls, connections = 250, [opened.connect(way) for _ in range(8)]
    for number, connection in enumerate(connections):
        data = b"".join(rpc.record(rpc.call(1000 * number + at, P, 1, tirpc.SLOW, USER, u32(3))) for at in range(calls))
        threading.Thread(target=connection.send, args=(data,), daemon=True).start()
    opened.wait_counter(way, "waits_in_flight", 4)
    began, rounds = time.monotonic(), 0
    while opened.counters(way)["in_flight"] > 0 and rounds < 20:
        assert opened.counters(way)["in_flight"] <= 4
        opened.witness_works()
        rounds += 1
    assert rounds == 20 and time.monotonic() - began < 10.0
    for number, connection in enumerate(connections):
        replies = [connection.read_reply() for _ in range(calls)]
        assert [(reply.xid, reply.outcome) for reply in replies] == [(1000 * number + at, "SUCCESS") for at in range(calls)]
        connection.close()
    assert opened.wait_empty(way)["waits_in_flight"] > 0


def test_in_flight_is_given_back(scene):
    """a guest that closes its connections with calls in flight can use its whole limit again [L6]"""
    opened = scene(hostile={"limits": {"in_flight": 2}})
    for _ in range(10):
        connection = opened.connect()
        connection.send(b"".join(rpc.record(rpc.call(xid, P, 1, tirpc.SLOW, USER, u32(50))) for xid in range(20)))
        connection.close()
    opened.wait_empty()
    opened.answers("unix", rpc.record(echo()))


def test_in_flight_of_one_xid(scene):
    """calls that all carry the same xid count one by one: a guest cannot have more of them at the server than in_flight [L6]"""
    opened = scene(hostile={"limits": {"in_flight": 4}})
    with opened.connect() as connection:
        connection.send(rpc.record(rpc.call(7, P, 1, tirpc.SLOW, USER, u32(300))) * 50)
        assert connection.read_reply().outcome == "SUCCESS"
        assert len(opened.tap.of(GUESTS["unix"])) <= 4 + 1
    opened.wait_empty()


def test_record_limits_are_the_guests_own(scene):
    """records too long, or of too many fragments, for one guest are answered for another with higher limits [L6]"""
    opened = scene(hostile={"limits": {"record_bytes": "8KiB", "fragments": 4}})
    long, many = rpc.record(echo(bytes(16384))), rpc.record(echo(), 4)
    opened.closes("unix", long, "record-too-long")
    opened.closes("unix", many, "too-many-fragments")
    opened.answers("honest", long)
    opened.answers("honest", many)


def test_reply_longer_than_the_limit(scene):
    """a reply that exceeds the guest's record_bytes closes that session alone [L6]"""
    opened = scene(hostile={"limits": {"record_bytes": "8KiB"}})
    room = 8192 - len(echo(b""))
    opened.answers("unix", rpc.record(echo(bytes(room))))


@ways
def test_half_gathered_records(scene, way):
    """over {way} fragments of records that never end are held up to buffered_bytes of their guest, then connections are closed as
    buffered-bytes; another guest's fragments are gathered meanwhile [L6]"""
    opened = scene(hostile={"limits": {"buffered_bytes": "1MiB", "record_bytes": "2MiB"}})
    connections = [opened.connect(way) for _ in range(40)]
    for connection in connections:
        send_all(connection, fragment(bytes(100 * 1024), last=False))
    opened.wait_counter(way, "closed-buffered-bytes", 30)
    assert opened.counters(way)["buffered_bytes"] <= MIB
    assert opened.gateway.events("closed", guest=GUESTS[way], reason="buffered-bytes")
    opened.answers("honest", rpc.record(echo(bytes(MIB)), 100 * 1024))
    assert sum(gone(connection) for connection in connections) == 30
    for connection in connections:
        connection.close()
    opened.wait_empty(way)
    opened.witness_works()


@ways
def test_reader_that_never_reads(scene, way):
    """over {way} replies that a guest never reads are held up to its buffered_bytes, then connections are closed as buffered-bytes; no
    other guest notices [L6]"""
    opened = scene(hostile={"limits": {"buffered_bytes": "1MiB"}}, gateway={"workers": 1})
    before = opened.gateway.memory_kib()
    connections = [opened.connect(way) for _ in range(32)]
    for connection in connections:
        data = b"".join(rpc.record(echo(bytes(MIB // 2), xid)) for xid in range(8))
        threading.Thread(target=_send_ignoring, args=(connection, data), daemon=True).start()
    opened.wait_counter(way, "closed-buffered-bytes", 20)
    for _ in range(20):
        assert opened.counters(way)["buffered_bytes"] <= MIB
        opened.witness_works()
    assert opened.gateway.memory_kib() - before < 64 * 1024
    for connection in connections:
        hang_up(connection)
    opened.wait_empty(way)


def hang_up(connection: Connection) -> None:
    """hang_up closes a connection on which another thread may be sending, which then ends."""
    try:
        connection.sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    connection.close()


def _send_ignoring(connection: Connection, data: bytes) -> None:
    try:
        connection.send(data)
    except OSError:
        pass


def test_gathered_bytes_are_given_back(scene):
    """the bytes of a record in several fragments are no longer charged to the guest once it was sent on, though the connection stays [L6]"""
    opened = scene(hostile={"limits": {"buffered_bytes": "1MiB"}})
    connections = [opened.connect() for _ in range(4)]
    for connection in connections:
        connection.send(rpc.record(echo(bytes(400 * 1024)), 100 * 1024))
        assert connection.read_reply().outcome == "SUCCESS"
    opened.wait_empty(seconds=5.0)
    for connection in connections:
        connection.close()


def test_flood_of_refusals_not_read(scene):
    """a guest that sends refused calls for ever and reads no answer is no longer read from; memory stays bounded [L6]"""
    opened = scene(hostile={"limits": {"buffered_bytes": "4MiB"}})
    before = opened.gateway.memory_kib()
    with opened.connect() as connection:
        flood, sent = rpc.record(echo(credential=rpc.auth(99))) * 1000, 0
        connection.sock.settimeout(1.0)
        with pytest.raises((TimeoutError, ConnectionError)):
            while sent < 64 * MIB:
                sent += connection.sock.send(flood)
        assert sent < 16 * MIB
        assert opened.counters()["buffered_bytes"] <= 4 * MIB
        opened.witness_works()
    assert opened.gateway.memory_kib() - before < 64 * 1024
    opened.wait_empty()
