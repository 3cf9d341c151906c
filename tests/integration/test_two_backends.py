"""Two backends answer over one connection: records never mix, whatever comes when; and what backends do wrong."""

import pytest
from peers import rpc, tirpc, toml
from peers.client import connect_unix
from peers.rpc import auth_sys
from peers.scripted import Scripted
from peers.wait import until

P, Q = tirpc.PROGRAM, tirpc.PROGRAM + 1
USER = auth_sys(1000, 100)


@pytest.fixture
def backends(directory, stopping):
    return [stopping(Scripted(directory / f"back{i}.sock")) for i in range(2)]


@pytest.fixture
def gate(gateway, directory, backends):
    guest = {"listener": "unix", "backends": ["one", "two"]}
    text = toml.config({"unix": f"unix:{directory}/in.sock"},
                       {"one": {"address": backends[0].address, "programs": [f"{P}:1"]},
                        "two": {"address": backends[1].address, "programs": [f"{Q}:1"]}},
                       {"web1": guest}, gateway={"record_timeout": "1s", "idle_timeout": "2s"})
    return gateway(text)


@pytest.fixture
def connection(gate, directory):
    with connect_unix(directory / "in.sock") as connected:
        yield connected


@pytest.mark.parametrize("size", [3000, 300000])
def test_records_do_not_mix(gate, connection, backends, size):
    """while a reply of {size} bytes is half sent, another backend's reply and the gateway's own refusal wait for its end [V3]"""
    backends[0].answer = lambda call: None
    backends[1].answer = lambda call: rpc.record(rpc.success(call.xid, b"two2"))
    connection.send_call(P, 1, 1, USER, xid=1)
    backends[0].wait_calls(1)
    whole = rpc.record(rpc.success(1, b"abcd" * (size // 4)))
    backends[0].connections[0].send(whole[: size // 2])
    gate.wait_counter("web1", "replies", 1)
    connection.send_call(Q, 1, 1, USER, xid=2)
    connection.send_call(Q + 7, 1, 1, USER, xid=3)
    backends[1].wait_calls(1)
    gate.wait_counter("web1", "rejections", 1)
    backends[0].connections[0].send(whole[size // 2:])
    replies = [connection.read_reply() for _ in range(3)]
    assert replies[0].xid == 1 and replies[0].results == b"abcd" * (size // 4)
    assert sorted((reply.xid, reply.outcome) for reply in replies[1:]) == [(2, "SUCCESS"), (3, "PROG_UNAVAIL")]


def test_each_call_to_its_backend(connection, backends):
    """calls of two programs, sent together, each reach the backend of their program and both answers come back [L5]"""
    sent = b"".join(rpc.record(rpc.call(xid, P if xid % 2 else Q, 1, 1, USER, b"x" * 40)) for xid in range(1, 101))
    connection.send(sent)
    assert sorted(connection.read_reply().xid for _ in range(100)) == list(range(1, 101))
    assert [len(backend.calls) for backend in backends] == [50, 50]


def test_auth_error_of_the_backend(gate, connection, backends):
    """an AUTH_ERROR of the backend is answered as AUTH_TOOWEAK and logged with the source address [P11]"""
    backends[0].answer = lambda call: rpc.record(rpc.auth_error(call.xid, 13))
    assert connection.call(P, 1, 1, USER).outcome == "AUTH_ERROR TOOWEAK"
    line = gate.wait_event("backend-auth-error", guest="web1")
    assert (line["backend"], line["auth_stat"]) == ("one", "13")
    assert line["source_address"].startswith("127.")


def test_verifier_of_the_backend(connection, backends):
    """a verifier that the backend sends is between it and the gateway: the client gets an empty AUTH_NONE one [P12]"""
    short = rpc.auth(2, b"short-hand")
    backends[0].answer = lambda call: rpc.record(rpc.success(call.xid, b"data", verifier=short))
    connection.send_call(P, 1, 1, USER, xid=9)
    assert connection.read_record() == rpc.success(9, b"data")


@pytest.mark.parametrize("garbage", [b"", b"\0\0\0\1", bytes(40)[:36] + b"zzzz", rpc.success(1)[:-2], b"\0\0\0\1\0\0\0\7aaaaaaaa"])
def test_garbage_of_the_backend(gate, connection, backends, garbage):
    """a backend's record that is neither a reply nor a call closes the session, and nothing of it reaches the client [V3]"""
    backends[0].answer = lambda call: rpc.fragment(garbage)
    connection.send_call(P, 1, 1, USER, xid=1)
    assert connection.closed()
    gate.wait_event("closed", guest="web1", reason="backend-malformed")


def test_reply_nobody_waits_for(gate, connection, backends):
    """a second reply to one call, and a reply to none, are dropped and counted; the session goes on [V3]"""
    twice = rpc.record(rpc.success(5, b"once")) + rpc.record(rpc.success(5, b"once")) + rpc.record(rpc.success(99, bytes(100000)))
    backends[0].answer = lambda call: twice if call.xid == 5 else rpc.record(rpc.success(call.xid))
    connection.send_call(P, 1, 1, USER, xid=5)
    assert connection.read_reply().results == b"once"
    assert connection.call(P, 1, 1, USER, xid=6).outcome == "SUCCESS"
    counters = gate.wait_counter("web1", "replies_unmatched", 2)
    assert counters["in_flight"] == 0


def test_half_sent_reply(gate, connection, backends):
    """a reply that the backend leaves half sent closes the session after record_timeout [L6]"""
    backends[0].answer = lambda call: rpc.record(rpc.success(call.xid, bytes(1000)))[:500]
    connection.send_call(P, 1, 1, USER)
    gate.wait_event("closed", guest="web1", reason="record-timeout")
    with pytest.raises(ConnectionError):
        connection.read_reply()


def test_idle(gate, connection, backends):
    """a connection without calls is closed after idle_timeout; one that waits for a reply is not [L6]"""
    backends[1].answer = lambda call: None
    with connect_unix(gate.config.parent / "in.sock") as waiting:
        waiting.send_call(Q, 1, 1, USER, xid=4)
        backends[1].wait_calls(1)
        assert connection.call(P, 1, 1, USER).outcome == "SUCCESS"
        assert connection.closed(10.0)
        counters = gate.wait_counter("web1", "closed-idle-timeout", 1)
        assert counters["in_flight"] == 1
        backends[1].connections[0].send(rpc.record(rpc.success(4, b"late")))
        assert waiting.read_reply().results == b"late"


def test_too_many_callbacks(gate, connection, backends):
    """a backend that calls the client more often than it is answered is cut off, not stored for [L6, V12]"""
    calls = b"".join(rpc.record(rpc.call(xid, 0x40000000, 1, 1)) for xid in range(300))
    backends[0].answer = lambda call: calls
    connection.send_call(P, 1, 1, USER)
    gate.wait_event("closed", guest="web1", reason="too-many-callbacks")
    until(lambda: backends[0].ended, "the end of the link")


def test_retransmission_answered_once(gate, connection, backends):
    """a call sent twice counts twice; when the server answers only once, the other slot comes back after a while [L6]"""
    seen = []
    backends[0].answer = lambda call: None
    backends[1].answer = lambda call: seen.append(call) or (rpc.record(rpc.success(call.xid)) if len(seen) == 1 else None)
    held = connection.send_call(P, 1, 1, USER, xid=6)
    for _ in range(2):
        connection.send_call(Q, 1, 1, USER, xid=5)
    assert connection.read_reply().xid == 5
    backends[1].wait_calls(2)
    assert gate.counters("web1")["in_flight"] == 2
    until(lambda: gate.counters("web1")["in_flight"] == 1, "the slot of the call that was answered once")
    backends[0].connections[0].send(rpc.record(rpc.success(held)))
    assert connection.read_reply().xid == held
