"""Contexts accepted by a real gssproxy, which comes and goes."""

import signal

import pytest
from krb5lab import ANY
from peers import fat_ticket, gss, kerberos, rpc
from peers.accounts import COUNTS, FIRST_GROUP, Accounts, many
from peers.gssproxy import Gssproxy
from peers.wait import until

PROGRAM, VERSION, ECHO = ANY


@pytest.fixture
def proxy(directory, realm, accounts, stopping):
    """proxy is a running gssproxy with the realm's keys, which sees the tests' accounts."""
    return stopping(Gssproxy(directory / "gssproxy", realm, accounts.env()))


@pytest.fixture
def lab_of(lab5, directory):
    """lab_of starts a gateway that asks a gssproxy. Its own accounts and keytab are none, so that it must be gssproxy who knows."""
    empty = Accounts(directory / "no-accounts", {})
    return lambda proxy, **kerberos_keys: lab5(accounts=empty, principals={}, kerberos={
        "acceptor": "gssproxy", "gssproxy_socket": str(proxy.socket), "keytab": "/nonexistent", **kerberos_keys})


def begin(lab, connection, user: str = "alice") -> int:
    """begin sends an INIT and returns the major status that it is answered with."""
    context = gss.Context(lab.ticket(user))
    return gss.parse_creation(gss.converse(connection, gss.creation(PROGRAM, VERSION, context.token()))).major


@pytest.mark.parametrize("sec", ["krb5", "krb5i", "krb5p"])
def test_served(lab_of, proxy, script, sec):
    """alice and bob are served over {sec} with the ids and groups that gssproxy found [G6, G8]"""
    lab = lab_of(proxy)
    connection = lab.connect()
    for user, ids in (("alice", (5001, 5001, (6001, 6002, 6003, 6004))), ("bob", (5002, 5002, (6001, *range(7001, 7016))))):
        assert lab.context(user, connection).call(connection, *ANY, b"data", gss.SERVICES[sec]).results == b"data"
        assert kerberos.seen(script.calls[-1]) == ids


@pytest.mark.parametrize("enctype", [17, 18, 19, 20])
def test_enctypes(lab_of, proxy, realm, enctype):
    """a context of enctype {enctype} works in every service with the key that gssproxy exports [G4, G8, G11]"""
    lab = lab_of(proxy)
    connection = lab.connect()
    cache = realm.kinit("alice", cache=realm.directory / f"e{enctype}.cc", enctype=enctype)
    context = gss.Context(cache, enctype=enctype).create(connection, PROGRAM, VERSION)
    for service in (1, 2, 3):
        assert context.call(connection, *ANY, b"data", service).results == b"data"


def test_unmapped(lab_of, proxy):
    """a principal whom gssproxy knows no account of is refused [G6, G8]"""
    lab = lab_of(proxy)
    assert begin(lab, lab.connect(), "carol") == gss.UNAUTHORIZED


def test_refused_tokens(lab_of, proxy, realm):
    """a ticket for host/ and a token that is none are refused, and the next token is taken [G8, G11]"""
    lab = lab_of(proxy)
    connection = lab.connect()
    for token in (gss.Context(lab.ticket("alice"), "host@localhost").token(), b"", b"garbage!"):
        created = gss.parse_creation(gss.converse(connection, gss.creation(PROGRAM, VERSION, token)))
        assert created.major not in (gss.COMPLETE, gss.CONTINUE_NEEDED)
    assert begin(lab, connection) == gss.COMPLETE


@pytest.mark.parametrize("size", [4096, 65536, 65537, 262144])
def test_large_tokens(lab_of, proxy, realm, size):
    """a good token of {size} bytes is accepted by gssproxy [G5, G8]"""
    lab = lab_of(proxy)
    connection = lab.connect()
    context, token = fat_ticket.context_with_token_of(size, realm)
    assert context.create(connection, PROGRAM, VERSION, token).call(connection, *ANY, b"data").results == b"data"


def test_many_groups(lab_of, realm, directory, stopping, script):
    """users with 0 to 65536 groups in all are served as gssproxy reports them; of more it reports nothing, and the INIT fails [G6, G8]"""
    counts = [*COUNTS[:-1], COUNTS[-1] - 1, COUNTS[-1]]  # and the primary group, which gssproxy counts
    for count in counts:
        realm.add(f"v{count}")
    crowd = Accounts(directory / "crowd", {f"v{count}": many(count) for count in counts})
    lab = lab_of(stopping(Gssproxy(directory / "gssproxy", realm, crowd.env())))
    connection = lab.connect()
    for count in counts[:-1]:
        assert lab.context(f"v{count}", connection).call(connection, *ANY, b"data").results == b"data"
        assert kerberos.seen(script.calls[-1]) == (10_000 + count, 10_000 + count, tuple(range(FIRST_GROUP, FIRST_GROUP + min(count, 16))))
    assert begin(lab, connection, f"v{counts[-1]}") == gss.FAILURE


def test_absent_at_start(lab_of, directory, realm, accounts, stopping):
    """without a gssproxy INITs fail in the RFC's shape; once it is there the next one works [G9]"""
    proxy = stopping(Gssproxy(directory / "gssproxy", realm, accounts.env(), start=False))
    lab = lab_of(proxy)
    connection = lab.connect()
    assert begin(lab, connection) == gss.FAILURE
    assert begin(lab, connection) == gss.FAILURE
    assert lab.gateway.events("context-refused", guest="web1", level="error")
    proxy.start()
    assert begin(lab, connection) == gss.COMPLETE


def test_killed(lab_of, proxy):
    """contexts go on while gssproxy is gone, and new ones work as soon as it is back [G9]"""
    lab = lab_of(proxy)
    connection = lab.connect()
    context = lab.context(over=connection)
    for _ in range(3):
        proxy.kill()
        assert begin(lab, connection) == gss.FAILURE
        assert context.call(connection, *ANY, b"data", gss.PRIVACY).results == b"data"
        proxy.start()
        assert begin(lab, connection) == gss.COMPLETE
        assert context.call(connection, *ANY, b"data", gss.PRIVACY).results == b"data"


def stop_answering(proxy: Gssproxy) -> None:
    """stop_answering makes gssproxy take connections and tokens and say nothing."""
    proxy.process.popen.send_signal(signal.SIGSTOP)
    stat = f"/proc/{proxy.process.pid}/stat"
    until(lambda: open(stat).read().rsplit(")", 1)[1].split()[0] == "T", "gssproxy stopped")


def test_killed_in_mid_handshake(lab_of, proxy):
    """a gssproxy that dies with a token in its hands fails that INIT, and the one after its restart works on the same connection [G9]"""
    lab = lab_of(proxy)
    connection, other = lab.connect(), lab.connect()
    context = lab.context(over=other)
    stop_answering(proxy)
    connection.send(rpc.record(gss.creation(PROGRAM, VERSION, gss.Context(lab.ticket("alice")).token())))
    assert not connection.readable(0.2)
    assert context.call(other, *ANY, b"data", gss.PRIVACY).results == b"data"
    proxy.kill()
    assert gss.parse_creation(connection.read_reply()).major == gss.FAILURE
    proxy.start()
    assert begin(lab, connection) == gss.COMPLETE


def test_hangs(lab_of, proxy):
    """a gssproxy that hangs fails INITs after accept_timeout, calls on the same connection go on meanwhile, and nothing latches [G9]"""
    lab = lab_of(proxy, accept_timeout="1s")
    connection = lab.connect()
    context = lab.context(over=connection)
    stop_answering(proxy)
    connection.send(rpc.record(gss.creation(PROGRAM, VERSION, gss.Context(lab.ticket("alice")).token(), xid=1)))
    assert context.call(connection, *ANY, b"data", gss.INTEGRITY).results == b"data"
    reply = connection.read_reply()
    assert (reply.xid, gss.parse_creation(reply).major) == (1, gss.FAILURE)
    proxy.process.popen.send_signal(signal.SIGCONT)
    until(lambda: begin(lab, connection) == gss.COMPLETE, "an INIT after the hang")


def test_hung_and_stopped(lab_of, proxy):
    """the gateway ends in good time although a token is with a gssproxy that hangs [G9]"""
    lab = lab_of(proxy, accept_timeout="2s")
    stop_answering(proxy)
    lab.connect().send(rpc.record(gss.creation(PROGRAM, VERSION, gss.Context(lab.ticket("alice")).token())))
    until(lambda: lab.gateway.counters("web1")["nascent_contexts"] == 1, "the token under way")
    lab.gateway.stop()
    proxy.process.popen.send_signal(signal.SIGCONT)
