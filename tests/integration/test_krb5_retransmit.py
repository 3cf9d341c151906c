"""Retransmissions: one xid, a new sequence number each time, as RFC 2203 wants it."""

import gssapi
import pytest
from krb5lab import ANY
from peers import gss, rpc
from peers.wait import until

SECS = ["krb5", "krb5i", "krb5p"]


def retransmit(lab, context, connection, service: int, times: int, data: bytes = b"data") -> list[int]:
    """retransmit sends one call `times` times and returns the sequence numbers."""
    numbers = [context.next_seq() for _ in range(times)]
    for seq in numbers:
        connection.send(rpc.record(context.message(*ANY, data, service, seq=seq, xid=4711)))
    return numbers


def opens_with(context, reply: rpc.Reply, numbers: list[int], service: int) -> int:
    """opens_with returns the number that verifier and results are right for; none is an error."""
    for seq in reversed(numbers):
        try:
            context.check_verifier(reply, seq)
        except gssapi.exceptions.GSSError:
            continue
        assert context.open(reply, seq, service).results == b"data"
        return seq
    raise AssertionError("the verifier is right for none of the transmissions")


@pytest.mark.parametrize("sec", SECS)
def test_both_answered(lab5, script, sec):
    """a call sent twice is answered twice over {sec}, each time right for one of its transmissions [G1, P15]"""
    service = gss.SERVICES[sec]
    lab = lab5()
    connection = lab.connect()
    context = lab.context(over=connection)
    numbers = retransmit(lab, context, connection, service, 2)
    replies = [connection.read_reply() for _ in numbers]
    assert {reply.xid for reply in replies} == {4711}
    for reply in replies:
        opens_with(context, reply, numbers, service)
    assert len(script.calls) == 2


@pytest.mark.parametrize("sec", SECS)
def test_one_dropped(lab5, script, sec):
    """when the backend answers but the last of the transmissions, its reply is right for that one, and soon no place in flight is
    taken ({sec}) [G1, P15]"""
    service = gss.SERVICES[sec]
    script.answer = lambda call: None
    lab = lab5(guests={"web1": {"limits": {"in_flight": 8}}}, gateway={"record_timeout": "1s"})
    connection = lab.connect()
    context = lab.context(over=connection)
    numbers = retransmit(lab, context, connection, service, 5)
    script.wait_calls(5)
    last = context.next_seq()
    script.answer = lambda call: rpc.record(rpc.success(call.xid, call.arguments))
    connection.send(rpc.record(context.message(*ANY, b"data", service, seq=last, xid=4711)))
    assert opens_with(context, connection.read_reply(), [*numbers, last], service) == last
    until(lambda: lab.gateway.counters("web1")["in_flight"] == 0, "no call in flight")
    for turn in range(20):
        assert context.call(connection, *ANY, rpc.u32(turn), service).results == rpc.u32(turn)


@pytest.mark.parametrize("sec", SECS)
def test_another_service(lab5, script, sec):
    """a retransmission by another service than {sec} is answered by its own [G1]"""
    held = []
    script.answer = lambda call: held.append(call)
    lab = lab5()
    connection = lab.connect()
    context = lab.context(over=connection)
    retransmit(lab, context, connection, gss.SERVICES[sec], 1)
    other = gss.SERVICES[sec] % 3 + 1
    script.wait_calls(1)
    (number,) = retransmit(lab, context, connection, other, 1)
    script.wait_calls(2)
    script.connections[0].send(rpc.record(rpc.success(4711, b"data")))
    assert context.open(connection.read_reply(), number, other).results == b"data"


def test_new_context(lab5, script):
    """a retransmission on a new context of the same principal is answered on the new one [G1, P15]"""
    script.answer = lambda call: None
    lab = lab5()
    connection = lab.connect()
    old, new = lab.context("alice", connection), lab.context("alice", connection)
    retransmit(lab, old, connection, gss.PRIVACY, 1)
    (number,) = retransmit(lab, new, connection, gss.PRIVACY, 1)
    script.wait_calls(2)
    script.connections[0].send(rpc.record(rpc.success(4711, b"data")))
    assert new.open(connection.read_reply(), number, gss.PRIVACY).results == b"data"


@pytest.mark.parametrize("first, second", [("alice", "bob"), ("alice", None), (None, "alice")])
@pytest.mark.parametrize("sec", SECS)
def test_xid_in_use(lab5, script, first, second, sec):
    """a call under the xid of an outstanding call of another caller ({first}, then {second}, {sec}) closes the connection, for its
    answer could be protected for the wrong one; nothing of it goes on, and no place in flight is lost [G1]"""
    script.answer = lambda call: None
    lab = lab5()
    connection = lab.connect()
    callers = [lab.context(user, connection) if user else None for user in (first, second)]
    for caller in callers:
        if caller is None:
            connection.send(rpc.record(rpc.call(4711, *ANY, rpc.auth_sys(1000, 1000), b"data")))
        else:
            retransmit(lab, caller, connection, gss.SERVICES[sec], 1)
        script.wait_calls(1)
    assert connection.closed()
    assert len(script.calls) == 1
    until(lambda: lab.gateway.counters("web1")["in_flight"] == 0, "no call in flight")
    assert lab.gateway.counters("web1")["closed-xid-in-use"] == 1


@pytest.mark.parametrize("sec", SECS)
def test_after_a_reconnect(lab5, script, sec):
    """a call whose connection broke is answered over the next one, {sec}, same context and xid, new number [P10, P15]"""
    service = gss.SERVICES[sec]
    script.answer = lambda call: None
    lab = lab5()
    first = lab.connect()
    context = lab.context(over=first)
    retransmit(lab, context, first, service, 1)
    script.wait_calls(1)
    first.reset()
    script.answer = lambda call: rpc.record(rpc.success(call.xid, call.arguments))
    second = lab.connect()
    numbers = retransmit(lab, context, second, service, 1)
    assert opens_with(context, second.read_reply(), numbers, service) == numbers[0]
    until(lambda: lab.gateway.counters("web1")["in_flight"] == 0, "no call in flight")
