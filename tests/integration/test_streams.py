"""Records on their way: fragments, order, and calls that the server makes to the client."""

import threading

import pytest
from lanes import open_lanes
from peers import rpc, tirpc
from peers.rpc import AcceptStat, auth_sys, u32
from peers.scripted import Scripted
from peers.wait import until

P = tirpc.PROGRAM
USER = auth_sys(1000, 100)
CALLBACK = 0x40000000


@pytest.fixture
def backend(directory, stopping):
    return stopping(Scripted(directory / "backend.sock"))


@pytest.fixture
def lanes(gateway, directory, backend):
    return open_lanes(gateway, directory, backend.address)


@pytest.mark.parametrize("size", [1, 3, 4, 20, 28, 52, 1000])
def test_fragments_in(lanes, backend, size):
    """a call in fragments of {size} bytes reaches the backend as one fragment [V3]"""
    arguments = bytes(range(256)) * 2
    with lanes.connect() as connection:
        assert connection.call(P, 1, tirpc.ECHO, USER, arguments, size=size).results == arguments
    assert len(backend.fragments[0]) == 1


@pytest.mark.parametrize("size", [1, 7, 24, 28, 1000])
def test_fragments_back(lanes, backend, size):
    """a reply in fragments of {size} bytes reaches the client as one fragment [V3]"""
    arguments = bytes(range(256)) * 2
    backend.answer = lambda call: rpc.record(rpc.success(call.xid, call.arguments), size)
    with lanes.connect() as connection:
        connection.send_call(P, 1, tirpc.ECHO, USER, arguments)
        fragments = connection.read_fragments()
    assert len(fragments) == 1 and rpc.parse_reply(fragments[0]).results == arguments


def test_bytes_one_at_a_time(lanes, backend):
    """a call that comes byte by byte is answered [V3]"""
    with lanes.connect() as connection:
        for byte in rpc.record(rpc.call(77, P, 1, tirpc.ECHO, USER, b"slow")):
            connection.send(bytes([byte]))
        assert connection.read_reply().results == b"slow"


def test_pipelined(lanes, backend):
    """a thousand calls sent at once are answered, each with its own xid and results, in order [V3]"""
    calls = [rpc.record(rpc.call(xid, P, 1, tirpc.ECHO, USER, u32(xid * 3))) for xid in range(1000, 2000)]
    with lanes.connect() as connection:
        sender = threading.Thread(target=connection.sock.sendall, args=(b"".join(calls),))
        sender.start()
        replies = [connection.read_reply() for _ in calls]
        sender.join()
    assert [(reply.xid, reply.results) for reply in replies] == [(xid, u32(xid * 3)) for xid in range(1000, 2000)]


def test_replies_out_of_order(lanes, backend):
    """replies that the backend sends in another order arrive with the right xids [V3]"""
    held = []

    def last_first(call):
        held.append(rpc.record(rpc.success(call.xid, call.arguments)))
        return b"".join(reversed(held)) if len(held) == 3 else None
    backend.answer = last_first
    with lanes.connect() as connection:
        sent = [connection.send_call(P, 1, tirpc.ECHO, USER, u32(number)) for number in range(3)]
        assert [connection.read_reply().xid for _ in sent] == sent[::-1]


def test_half_close(lanes, backend):
    """a client that has sent its calls and half-closed still gets the replies [V3]"""
    with lanes.connect() as connection:
        sent = [connection.send_call(P, 1, tirpc.ECHO, USER, bytes(1000)) for _ in range(3)]
        connection.half_close()
        assert [connection.read_reply().xid for _ in sent] == sent


def test_one_link_a_session(lanes, backend):
    """each session has a link of its own, made at its first call [P10]"""
    with lanes.connect() as one, lanes.connect() as two, lanes.connect():
        for connection in (one, two, one, two):
            assert connection.call(P, 1, tirpc.ECHO, USER).outcome == "SUCCESS"
        assert len(backend.connections) == 2


def test_body_is_unchanged(lanes, backend):
    """arguments and results of every length up to 300 bytes and around a mebibyte pass unchanged [V3]"""
    with lanes.connect() as connection:
        for length in [*range(0, 300, 4), 65532, 65536, (1 << 20) - 4, 1 << 20, (1 << 20) + 4]:
            arguments = (b"0123456789abcde" * (length // 15 + 1))[:length]
            assert connection.call(P, 1, tirpc.ECHO, USER, arguments).results == arguments
    assert backend.errors == []


def test_callback(lanes, backend):
    """a call of the backend reaches the client unchanged, its reply goes back, and both xid spaces stay apart [V12]"""
    with lanes.connect() as connection:
        assert connection.call(P, 1, tirpc.ECHO, USER, b"fore", xid=5).results == b"fore"
        callback = rpc.call(5, CALLBACK, 1, 1, rpc.auth_sys(0, 0, machine=b"server"), b"back")
        backend.answer = lambda call: None
        connection.send_call(P, 1, tirpc.ECHO, USER, xid=5)
        backend.wait_calls(2)
        backend.connections[0].send(rpc.record(callback))
        assert connection.read_record() == callback
        connection.send(rpc.record(rpc.success(5, b"done")))
        reply = until(lambda: backend.replies, "the reply to the backend's call")[0]
        assert (reply.xid, reply.accepted, reply.results) == (5, AcceptStat.SUCCESS, b"done")
        backend.connections[0].send(rpc.record(rpc.success(5, b"late")))
        assert connection.read_reply().results == b"late"


def test_reply_to_nothing(lanes, backend):
    """a client's reply to a call that was never made is not forwarded; its session is closed [V12, L3]"""
    with lanes.connect() as connection, lanes.connect() as other:
        assert connection.call(P, 1, tirpc.ECHO, USER).outcome == "SUCCESS"
        connection.send(rpc.record(rpc.success(99, b"nothing")))
        assert connection.closed()
        assert other.call(P, 1, tirpc.ECHO, USER).outcome == "SUCCESS"
    assert backend.replies == []
