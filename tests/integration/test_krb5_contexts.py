"""Contexts: how they begin, whose they are, and how they end."""

import pytest
from krb5lab import ANY
from peers import gss, rpc
from peers.wait import tick, until

PROGRAM, VERSION, ECHO = ANY


#= rfc2203#5.2.3.1
## a creation is answered MSG_ACCEPTED, SUCCESS, with handle, major, minor, window and token
#= rfc2203#5.2.3.1
## the verifier of a successful creation is the checksum of seq_window in network order
#= rfc2203#5.2.3.1
## seq_window is the length of the window that the server keeps for the context
def test_creation(lab5):
    """INIT gives a handle of 16 bytes, the window of the configuration and a verifier over it, and no two handles are the same [G1, G12]"""
    lab = lab5(kerberos={"sequence_window": 200})
    contexts = [lab.context(user) for user in ("alice", "alice", "bob")]
    assert {len(context.handle) for context in contexts} == {16}
    assert len({context.handle for context in contexts}) == 3
    assert {context.window for context in contexts} == {200}


#= rfc2203#5.2.2
## sequence number and service of a creation request are ignored
def test_creation_ignores(lab5):
    """sequence number and service of an INIT do not matter [G1]"""
    lab = lab5()
    context = gss.Context(lab.ticket("alice"))
    connection = lab.connect()
    context.complete(gss.converse(connection, gss.creation(PROGRAM, VERSION, context.token(), seq=0xFFFFFFFF, service=77)))
    assert context.call(connection, *ANY, b"data").results == b"data"


#= rfc2203#5.2.2
## the handle of a context never changes
def test_any_connection(lab5):
    """a context is its guest's: it works over any of its connections, and over a new one after all were closed [G12, P15]"""
    lab = lab5()
    first, second = lab.connect(), lab.connect()
    context = lab.context(over=first)
    assert context.call(second, *ANY, b"two.", gss.PRIVACY).results == b"two."
    assert context.call(first, *ANY, b"one.").results == b"one."
    first.close()
    second.close()
    until(lambda: lab.gateway.counters("web1").get("closed-client-closed") == 2, "both connections gone")
    assert context.call(lab.connect(), *ANY, b"three...", gss.INTEGRITY).results == b"three..."


#= rfc2203#5.3.3.3
## a handle without a context is denied with RPCSEC_GSS_CREDPROBLEM
@pytest.mark.parametrize("service", ["krb5", "krb5i", "krb5p"])
def test_other_guest(lab5, script, service):
    """a context of one guest is unknown to another, whose calls with it ({service}) reach nobody, and stays good for its owner [G12]"""
    lab = lab5()
    context = lab.context()
    number = gss.SERVICES[service]
    assert context.call(lab.connect("web2"), *ANY, b"stolen..", number).outcome == "AUTH_ERROR GSS_CREDPROBLEM"
    assert script.calls == []
    assert context.call(lab.connect("web1"), *ANY, b"mine", number).results == b"mine"


def test_other_guest_destroys(lab5):
    """another guest cannot destroy a context [G12]"""
    lab = lab5()
    context = lab.context()
    assert context.destroy(lab.connect("web2"), PROGRAM, VERSION).outcome == "AUTH_ERROR GSS_CREDPROBLEM"
    assert context.call(lab.connect(), *ANY, b"mine").results == b"mine"


#= rfc2203#5.3.3.3
## a context that expired in use is denied with RPCSEC_GSS_CTXPROBLEM
@pytest.mark.parametrize("service", ["krb5", "krb5p"])
def test_lifetime(lab5, script, service):
    """after context_lifetime a context is refused with CTXPROBLEM ({service}), and a new one works [G12]"""
    lab = lab5(kerberos={"context_lifetime": "2s"})
    connection = lab.connect()
    context = lab.context(over=connection)
    number = gss.SERVICES[service]
    assert context.call(connection, *ANY, b"data", number).results == b"data"
    until(lambda: context.call(connection, *ANY, b"data", number).outcome == "AUTH_ERROR GSS_CTXPROBLEM", "the end of the context")
    before = len(script.calls)
    assert context.call(connection, *ANY, b"data", number).outcome == "AUTH_ERROR GSS_CTXPROBLEM"
    assert len(script.calls) == before
    assert lab.context(over=connection).call(connection, *ANY, b"new.", number).results == b"new."


def test_ticket_lifetime(lab5, realm):
    """a context ends with its ticket, long before context_lifetime [G12]"""
    lab = lab5()
    connection = lab.connect()
    context = gss.Context(realm.kinit("bob", "3s", cache=realm.directory / "short.cc")).create(connection, PROGRAM, VERSION)
    assert context.call(connection, *ANY, b"data").results == b"data"
    until(lambda: context.call(connection, *ANY, b"data").outcome == "AUTH_ERROR GSS_CTXPROBLEM", "the end of the ticket")
    assert lab.context("alice", connection).call(connection, *ANY, b"new.").results == b"new."


def test_least_recently_used(lab5):
    """at limits.contexts the context that was unused longest goes, be it the newest [G12]"""
    lab = lab5(guests={"web1": {"limits": {"contexts": 3}}})
    connection = lab.connect()
    contexts = []
    for user in ("alice", "bob", "alice"):
        contexts.append(lab.context(user, connection))
        tick()
    for context in (contexts[2], contexts[0]):
        assert context.call(connection, *ANY, b"data").results == b"data"
        tick()
    contexts.append(lab.context("bob", connection))
    outcomes = [context.call(connection, *ANY, b"data").outcome for context in contexts]
    assert outcomes == ["SUCCESS", "AUTH_ERROR GSS_CREDPROBLEM", "SUCCESS", "SUCCESS"]
    assert lab.gateway.counters("web1")["contexts_evicted"] == 1


def test_eviction_is_the_guests_own(lab5):
    """a guest that makes more contexts than it may evicts its own and no other guest's [G12]"""
    lab = lab5(guests={"web1": {"limits": {"contexts": 2}}, "web2": {"limits": {"contexts": 2}}})
    other = lab.connect("web2")
    kept = [lab.context(user, other) for user in ("alice", "bob")]
    flood = lab.connect("web1")
    made = [lab.context("alice", flood) for _ in range(20)]
    assert all(context.call(other, *ANY, b"kept").results == b"kept" for context in kept)
    assert [context.call(flood, *ANY, b"").outcome for context in made].count("SUCCESS") == 2
    assert lab.gateway.counters("web1")["contexts_evicted"] == 18
    assert "contexts_evicted" not in lab.gateway.counters("web2")


#= rfc2203#5.4
## DESTROY is answered as a data request is
#= rfc2203#5.4
## after DESTROY the context is gone
def test_destroy(lab5, script):
    """DESTROY is answered with a verifier and void, reaches no backend, and ends the context on every connection [G1]"""
    lab = lab5()
    first, second = lab.connect(), lab.connect()
    context, other = lab.context(over=first), lab.context(over=first)
    assert context.call(second, *ANY, b"data").results == b"data"
    reply = context.destroy(first, PROGRAM, VERSION)
    assert (reply.outcome, reply.results) == ("SUCCESS", b"")
    for connection in (first, second):
        assert context.call(connection, *ANY, b"data").outcome == "AUTH_ERROR GSS_CREDPROBLEM"
        assert other.call(connection, *ANY, b"data").results == b"data"
    assert len(script.calls) == 3
    assert lab.gateway.counters("web1")["contexts_destroyed"] == 1


@pytest.mark.parametrize("service", ["krb5i", "krb5p"])
def test_destroy_protected(lab5, service):
    """a DESTROY that names {service} is answered with bare void results, with or without a protected body [G1]"""
    lab = lab5()
    connection = lab.connect()
    for body in (gss.same, gss.put(b"")):
        context = lab.context(over=connection)
        reply = context.destroy(connection, PROGRAM, VERSION, service=gss.SERVICES[service], body=body)
        assert (reply.outcome, reply.results) == ("SUCCESS", b"")
        assert context.call(connection, *ANY).outcome == "AUTH_ERROR GSS_CREDPROBLEM"


#= rfc2203#5.2.3.1
## when the creation failed, handle and token are empty
#= rfc2203#5.2.3.1
## every other creation reply has an empty AUTH_NONE verifier
@pytest.mark.parametrize("size", [0, 1, 2000, 65536, 65537, 262144, 262145])
def test_bad_token(lab5, size):
    """a token of {size} bytes that is none fails its INIT in the RFC's shape, and the next INIT of the connection works [G1, G5]"""
    lab = lab5()
    connection = lab.connect()
    created = gss.parse_creation(gss.converse(connection, gss.creation(PROGRAM, VERSION, bytes(size))))
    assert created.major == gss.DEFECTIVE_TOKEN
    assert lab.context(over=connection).call(connection, *ANY, b"data").results == b"data"


def test_retransmitted_init(lab5):
    """two INITs of one xid get two contexts [G1]"""
    lab = lab5()
    connection = lab.connect()
    contexts = [gss.Context(lab.ticket(user)) for user in ("alice", "bob")]
    for context in contexts:
        connection.send(rpc.record(gss.creation(PROGRAM, VERSION, context.token(), xid=99)))
    replies = [connection.read_reply() for _ in contexts]
    assert {reply.xid for reply in replies} == {99}
    assert {gss.parse_creation(reply).major for reply in replies} == {gss.COMPLETE}
    assert len({gss.parse_creation(reply).handle for reply in replies}) == 2
