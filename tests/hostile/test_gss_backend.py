"""Backends that misbehave behind contexts: late, double, cut and malformed replies, and calls of their own."""

import socket

import pytest
from gss_scene import CALL
from peers import gss, rpc
from peers.client import Closed

PROGRAM, VERSION, _ = CALL
MIB = 1 << 20
SERVICES = pytest.mark.parametrize("service", [gss.NONE, gss.INTEGRITY, gss.PRIVACY])
NARROW = {"record_bytes": MIB + 4096, "gss_request_bytes": 2 * MIB + 8192, "gss_reply_bytes": 2 * MIB + 8192}


def hold(scene) -> list[rpc.Call]:
    """hold makes the server keep its answers to evil calls and answer the others; it returns the list of those kept."""
    held: list[rpc.Call] = []

    def answer(call: rpc.Call):
        if call.arguments[:4] != b"evil":
            return rpc.record(rpc.success(call.xid, call.arguments))
        return held.append(call)
    scene.server.answer = answer
    return held


def begin(scene, connection, service: int, xid: int = 1) -> int:
    """begin sends an evil call and waits until the server has it; it returns the sequence number."""
    before = len(scene.server.calls)
    seq = scene.attacker.next_seq()
    connection.send(rpc.record(scene.message(b"evil", service, seq=seq, xid=xid)))
    scene.server.wait_calls(before + 1)
    return seq


@SERVICES
def test_reply_after_the_client(gss_scene, service):
    """replies that come when their client is gone do no harm (service {service}) [G1]"""
    scene = gss_scene()
    hold(scene)
    for _ in range(10):
        with scene.lab.connect() as connection:
            begin(scene, connection, service)
        try:
            scene.server.connections[-1].send(rpc.record(rpc.success(1, bytes(100000))))
        except OSError:
            pass
    scene.wait_idle()
    scene.attacker_works()
    scene.witnesses_work()


@SERVICES
def test_double_and_unknown_replies(gss_scene, service):
    """a second reply to a call, and one to no call, reach nobody (service {service}) [G1]"""
    scene = gss_scene()
    hold(scene)
    with scene.lab.connect() as connection:
        seq = begin(scene, connection, service)
        link = scene.server.connections[-1]
        link.send(rpc.record(rpc.success(2, b"none")) + rpc.record(rpc.success(1, b"once")) + rpc.record(rpc.success(1, b"more")))
        reply = connection.read_reply()
        assert (reply.xid, scene.attacker.open(reply, seq, service).results) == (1, b"once")
        assert scene.attacker.call(connection, *CALL, b"good", service).results == b"good"
    assert scene.lab.gateway.counters("web1")["replies_unmatched"] == 2


MALFORMED = {
    "a reply that is denied for nothing": rpc.u32(1, 1, 1, 7),
    "a reply that ends in its verifier": rpc.u32(1, 1, 0, 0, 400),
    "a verifier of 401 bytes": rpc.u32(1, 1, 0, 0, 401) + bytes(404) + rpc.u32(0),
    "an unknown accept_stat": rpc.u32(1, 1, 0, 0, 0, 99),
    "no reply at all": rpc.u32(1, 9),
    "nothing": b"",
}


@SERVICES
@pytest.mark.parametrize("name", list(MALFORMED))
def test_malformed_reply(gss_scene, service, name):
    """{name} is not passed on as a protected reply: the session ends or the reply is an error (service {service}) [G1]"""
    scene = gss_scene()
    hold(scene)
    with scene.lab.connect() as connection:
        seq = begin(scene, connection, service)
        scene.server.connections[-1].send(rpc.record(MALFORMED[name]))
        connection.timeout = 1.0
        try:
            assert scene.attacker.open(connection.read_reply(), seq, service).outcome != "SUCCESS"
        except (Closed, TimeoutError, rpc.Malformed):
            pass
    scene.wait_idle()
    scene.attacker_works()
    scene.witnesses_work()


@pytest.mark.parametrize("service", [gss.INTEGRITY, gss.PRIVACY])
def test_cut_reply(gss_scene, service):
    """a backend that goes in the middle of a reply of 1 MiB ends the session, and its room is given back (service {service}) [G1, P6]"""
    scene = gss_scene(limits=NARROW)
    hold(scene)
    for _ in range(5):
        with scene.lab.connect() as connection:
            begin(scene, connection, service)
            link = scene.server.connections[-1]
            link.send(rpc.record(rpc.success(1, bytes(MIB)))[:MIB // 2])
            link.sock.shutdown(socket.SHUT_RDWR)
            assert connection.closed()
    scene.wait_idle()
    with scene.lab.connect() as connection:
        assert scene.attacker.call(connection, *CALL, b"good" * 1000, service).results == b"good" * 1000
    scene.witnesses_work()


@pytest.mark.parametrize("service", [gss.INTEGRITY, gss.PRIVACY])
def test_reply_too_long(gss_scene, service):
    """a reply longer than record_bytes ends the session and holds no memory (service {service}) [G1]"""
    scene = gss_scene(limits=NARROW)
    hold(scene)
    with scene.lab.connect() as connection:
        begin(scene, connection, service)
        try:
            scene.server.connections[-1].send(rpc.record(rpc.success(1, bytes(2 * MIB))))
        except OSError:
            pass
        assert connection.closed()
    scene.wait_idle()
    scene.attacker_works()
    scene.witnesses_work()


@SERVICES
def test_callbacks(gss_scene, service):
    """a call of the backend passes a session with contexts as it is, and its reply goes back (service {service}) [V7]"""
    scene = gss_scene()
    with scene.lab.connect() as connection:
        assert scene.attacker.call(connection, *CALL, b"good", service).results == b"good"
        callback = rpc.call(77, 0x40000000, 1, 1, rpc.auth_sys(0, 0), b"call")
        scene.server.connections[-1].send(rpc.record(callback))
        assert connection.read_record() == callback
        connection.send(rpc.record(rpc.success(77, b"back")))
        assert scene.attacker.call(connection, *CALL, b"good", service).results == b"good"
        assert [reply.results for reply in scene.server.replies] == [b"back"]
    scene.closes(rpc.success(77, b"back"), reason="unexpected-reply")
