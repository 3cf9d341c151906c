"""What one guest can use up, and that it is its own."""

import os
import signal

import pytest
from krb5lab import ANY
from peers import gss, rpc
from peers.gssproxy import Gssproxy
from peers.wait import holds_for, until

PROGRAM, VERSION, ECHO = ANY
MIB = 1 << 20
NARROW = {"record_bytes": MIB + 4096, "gss_request_bytes": 2 * MIB + 8192, "gss_reply_bytes": 2 * MIB + 8192}


def init(lab, user: str = "alice", xid: int | None = None) -> bytes:
    """init is the record of an INIT."""
    return rpc.record(gss.creation(PROGRAM, VERSION, gss.Context(lab.ticket(user)).token(), xid=xid))


def test_nascent(lab5, directory, realm, accounts, stopping):
    """INITs beyond limits.nascent_contexts wait, other calls of the guest go on, and all are answered in the end [G13]"""
    proxy = stopping(Gssproxy(directory / "gssproxy", realm, accounts.env()))
    lab = lab5(kerberos={"acceptor": "gssproxy", "gssproxy_socket": str(proxy.socket)}, guests={"web1": {"limits": {"nascent_contexts": 2}}})
    working = lab.connect()
    context = lab.context(over=working)
    proxy.process.popen.send_signal(signal.SIGSTOP)
    connections = [lab.connect() for _ in range(4)]
    for connection in connections:
        connection.send(init(lab))
    until(lambda: lab.gateway.counters("web1").get("waits_init", 0) >= 2, "two INITs that wait")
    assert lab.gateway.counters("web1")["nascent_contexts"] == 2
    assert context.call(working, *ANY, b"data", gss.PRIVACY).results == b"data"
    proxy.process.popen.send_signal(signal.SIGCONT)
    assert {gss.parse_creation(connection.read_reply()).major for connection in connections} == {gss.COMPLETE}
    until(lambda: lab.gateway.counters("web1")["nascent_contexts"] == 0, "none left")


def test_nascent_given_back(lab5, directory, realm, accounts, stopping):
    """connections that close with an INIT under way, or half-sent, leave no nascent context behind [G13]"""
    proxy = stopping(Gssproxy(directory / "gssproxy", realm, accounts.env()))
    lab = lab5(kerberos={"acceptor": "gssproxy", "gssproxy_socket": str(proxy.socket)}, guests={"web1": {"limits": {"nascent_contexts": 3}}})
    proxy.process.popen.send_signal(signal.SIGSTOP)
    for cut in (None, None, -1):
        connection = lab.connect()
        connection.send(init(lab)[:cut])
    until(lambda: lab.gateway.counters("web1")["nascent_contexts"] == 3, "three nascent contexts")
    for connection in lab.opened:
        connection.close()
    proxy.process.popen.send_signal(signal.SIGCONT)
    until(lambda: lab.gateway.counters("web1")["nascent_contexts"] == 0, "none left")
    assert lab.context().handle


def test_inits_per_second(lab5):
    """INITs beyond limits.inits_per_second wait for their turn and are all answered; another guest's turn is its own [G13]"""
    lab = lab5(guests={"web1": {"limits": {"inits_per_second": 3}}, "web2": {}})
    connection, other = lab.connect(), lab.connect("web2")
    connection.send(b"".join(init(lab, xid=number) for number in range(10)))
    for _ in range(20):
        lab.context("bob", other)
    assert {connection.read_reply().xid for _ in range(10)} == set(range(10))
    assert lab.gateway.counters("web1")["waits_init"] >= 1
    assert "waits_init" not in lab.gateway.counters("web2")


@pytest.mark.parametrize("sec", ["krb5i", "krb5p"])
def test_half_sent_requests(lab5, script, sec):
    """when a guest's half-sent {sec} records fill gss_request_bytes, its large calls wait, while its small calls, its replies of every
    size and another guest's calls go on; once the records are there, all are answered [G13, P6]"""
    service = gss.SERVICES[sec]
    reply = os.urandom(MIB)
    script.answer = lambda call: rpc.record(rpc.success(call.xid, reply if call.procedure == 9 else call.arguments))
    lab = lab5(guests={"web1": {"limits": NARROW}, "web2": {"limits": NARROW}})
    halves, late, small, other = [lab.connect(), lab.connect()], lab.connect(), lab.connect(), lab.connect("web2")
    context, others = lab.context(over=small), lab.context("bob", other)
    data = os.urandom(MIB)
    records = []
    for xid, connection in enumerate(halves):
        seq = context.next_seq()
        records.append((rpc.record(context.message(*ANY, data, service, seq=seq, xid=xid)), seq))
        connection.send(records[-1][0][:MIB // 2])
    until(lambda: lab.gateway.counters("web1")["gss_request_bytes"] > 2 * MIB, "two records' room taken")
    late_seq = context.next_seq()
    late.sock.setblocking(False)
    third = rpc.record(context.message(*ANY, data, service, seq=late_seq, xid=77))
    sent = _send_some(late.sock, third)
    until(lambda: lab.gateway.counters("web1").get("waits_gss_bytes", 0) >= 1, "a record that waits for room")
    for turn in range(5):
        assert context.call(small, *ANY, b"data", service).results == b"data"
        assert context.call(small, PROGRAM, VERSION, 9, b"", service).results == reply
        assert others.call(other, *ANY, data, service).results == data
    assert not late.readable(0.1)
    assert lab.gateway.counters("web2").get("waits_gss_bytes", 0) == 0
    for (record, seq), connection in zip(records, halves):
        connection.send(record[MIB // 2:])
        assert context.open(connection.read_reply(), seq, service).results == data
    late.send(third[sent:])
    assert context.open(late.read_reply(), late_seq, service).results == data
    until(lambda: lab.gateway.counters("web1")["gss_request_bytes"] == 0, "all room given back")


def _send_some(sock, data: bytes) -> int:
    """_send_some sends as much as the socket takes and returns how much that was."""
    sent = 0
    try:
        while sent < len(data):
            sent += sock.send(data[sent:])
    except BlockingIOError:
        pass
    return sent


def test_replies_of_the_one_that_waits(lab5, script):
    """a connection whose call waits for room gets the replies that are due to it meanwhile, large ones too [G13, P6]"""
    held = []
    script.answer = lambda call: held.append(call) if call.procedure == 9 else rpc.record(rpc.success(call.xid, call.arguments))
    lab = lab5(guests={"web1": {"limits": NARROW}})
    halves, waiting = [lab.connect(), lab.connect()], lab.connect()
    context, data = lab.context(over=waiting), os.urandom(MIB)
    early = context.next_seq()
    waiting.send(rpc.record(context.message(PROGRAM, VERSION, 9, b"", gss.PRIVACY, seq=early, xid=9)))
    script.wait_calls(1)
    for connection in halves:
        connection.send(rpc.record(context.message(*ANY, data, gss.PRIVACY))[:MIB // 2])
    until(lambda: lab.gateway.counters("web1")["gss_request_bytes"] > 2 * MIB, "two records' room taken")
    late = context.next_seq()
    stream = rpc.record(context.message(*ANY, data, gss.PRIVACY, seq=late, xid=10))
    waiting.sock.setblocking(False)
    sent = _send_some(waiting.sock, stream)
    until(lambda: lab.gateway.counters("web1").get("waits_gss_bytes", 0) >= 1, "a record that waits for room")
    script.connections[0].send(rpc.record(rpc.success(9, data)))
    assert context.open(waiting.read_reply(), early, gss.PRIVACY).results == data
    for connection in halves:
        connection.close()
    waiting.send(stream[sent:])
    assert context.open(waiting.read_reply(), late, gss.PRIVACY).results == data


def test_half_sent_then_gone(lab5):
    """room that half-sent records took is given back when their connections close [G13]"""
    lab = lab5(guests={"web1": {"limits": NARROW}})
    keeper = lab.connect()
    context = lab.context(over=keeper)
    for _ in range(3):
        halves = [lab.connect() for _ in range(2)]
        for connection in halves:
            connection.send(rpc.record(context.message(*ANY, bytes(MIB), gss.PRIVACY))[:MIB // 2])
        until(lambda: lab.gateway.counters("web1")["gss_request_bytes"] > 2 * MIB, "two records' room taken")
        for connection in halves:
            connection.close()
        until(lambda: lab.gateway.counters("web1")["gss_request_bytes"] == 0, "all room given back")
        assert context.call(keeper, *ANY, bytes(MIB), gss.PRIVACY).results == bytes(MIB)


def test_unverified_take_no_room(lab5):
    """records whose headers do not verify take no room, whatever their length [G13]"""
    lab = lab5(guests={"web1": {"limits": NARROW}})
    context = lab.context()
    for _ in range(8):
        lab.connect().send(rpc.record(context.message(*ANY, bytes(MIB), gss.PRIVACY, mic=gss.flip(-1)))[:MIB // 2])
    until(lambda: lab.gateway.counters("web1").get("gss-bad-mic", 0) == 8, "eight bad headers")
    assert lab.gateway.counters("web1")["gss_request_bytes"] == 0


@pytest.mark.parametrize("sec", ["krb5i", "krb5p"])
def test_replies_not_read(lab5, script, sec):
    """who does not read large {sec} replies keeps no other guest waiting, and gets all of them when it reads on [G13, P6]"""
    service = gss.SERVICES[sec]
    data = os.urandom(MIB)
    script.answer = lambda call: rpc.record(rpc.success(call.xid, data))
    lab = lab5(guests={"web1": {"limits": NARROW}, "web2": {"limits": NARROW}})
    deaf, other = [lab.connect() for _ in range(4)], lab.connect("web2")
    context, others = lab.context(over=deaf[0]), lab.context("bob", other)
    numbers: list[list[int]] = []
    for connection in deaf:
        numbers.append([context.next_seq() for _ in range(5)])
        for xid, seq in enumerate(numbers[-1]):
            connection.send(rpc.record(context.message(*ANY, b"", service, seq=seq, xid=xid)))
    script.wait_calls(len(deaf))
    for _ in range(5):
        assert others.call(other, *ANY, data, service).results == data
    assert lab.gateway.counters("web1")["gss_reply_bytes"] <= NARROW["gss_reply_bytes"]
    for connection, seqs in zip(deaf, numbers):
        for _ in seqs:
            reply = connection.read_reply()
            assert context.open(reply, seqs[reply.xid], service).results == data
    until(lambda: lab.gateway.counters("web1")["gss_reply_bytes"] == 0, "all room given back")


def test_in_flight(lab5, script):
    """calls beyond limits.in_flight wait and are answered in their turn; none is forwarded twice [G13]"""
    held = []
    script.answer = lambda call: held.append(call)
    lab = lab5(guests={"web1": {"limits": {"in_flight": 4}}})
    connection = lab.connect()
    context = lab.context(over=connection)
    numbers = {xid: context.next_seq() for xid in range(12)}
    for xid, seq in numbers.items():
        connection.send(rpc.record(context.message(*ANY, rpc.u32(xid), 1 + xid % 3, seq=seq, xid=xid)))
    script.wait_calls(4)
    assert holds_for(lambda: len(held) == 4, 0.2)
    for turn in range(12):
        until(lambda: len(held) > turn, f"call {turn}")
        script.connections[0].send(rpc.record(rpc.success(held[turn].xid, held[turn].arguments)))
        reply = connection.read_reply()
        assert context.open(reply, numbers[reply.xid], 1 + reply.xid % 3).results == rpc.u32(reply.xid)
    assert [call.xid for call in held] == list(range(12))


def test_record_too_long(lab5):
    """a record longer than limits.record_bytes closes its connection, verified or not [G13]"""
    lab = lab5(guests={"web1": {"limits": {"record_bytes": 65536}}})
    for service in (1, 2, 3):
        connection = lab.connect()
        context = lab.context(over=connection)
        connection.send(rpc.record(context.message(*ANY, bytes(65536), service))[:1000])
        assert connection.closed()
    assert lab.gateway.counters("web1")["closed-record-too-long"] == 3
