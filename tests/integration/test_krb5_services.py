"""krb5, krb5i and krb5p: calls and replies of every size, by a client made with libtirpc and by one that libgssapi makes."""

import os
import threading

import pytest
from krb5lab import ANY
from peers import gss, rpc, tirpc
from peers.scripted import Scripted
from peers.tirpc import PROGRAM, TirpcServer
from peers.wait import until

SECS = ["krb5", "krb5i", "krb5p"]


@pytest.fixture
def server(directory, stopping):
    """server is the one made with libtirpc, on a unix socket."""
    return stopping(TirpcServer(directory / "server.log", path=directory / "server.sock"))


@pytest.mark.parametrize("sec", [*SECS, "mixed"])
@pytest.mark.parametrize("way", ["unix", "tcp"])
def test_libtirpc(lab5, server, realm, sec, way):
    """libtirpc's client makes calls of many sizes over {sec} and {way} to a server made with libtirpc [G1]"""
    lab = lab5(server.address, guests={"web1": {}}, tcp=["web1"] if way == "tcp" else ())
    where = tirpc.tcp(lab.ports["web1"]) if way == "tcp" else tirpc.unix(lab.paths["web1"])
    realm.kinit("alice")
    env = realm.env("alice")
    assert tirpc.call(where, "null", sec=sec, env=env).ok
    for size in (0, 1, 4, 1000, 8000):
        assert tirpc.call(where, "echo", size, sec=sec, repeat=6, env=env).words == {"bytes": str(size), "times": "6"}
    counters = lab.gateway.counters("web1")
    assert (counters["contexts_established"], counters["contexts_destroyed"]) == (6, 6)


@pytest.mark.parametrize("sec", SECS)
def test_who(lab5, server, realm, sec):
    """the server is told alice's ids and groups and the guest's name over {sec} [G1, G6, L3]"""
    lab = lab5(server.address)
    realm.kinit("alice")
    answer = tirpc.call(tirpc.unix(lab.paths["web1"]), "who", sec=sec, env=realm.env("alice"))
    assert answer.ids == (5001, 5001, [6001, 6002, 6003, 6004])
    assert answer.words["machine"] == "web1"


#= rfc2203#5.3.2.1
## without integrity the arguments are as with AUTH_NONE
#= rfc2203#5.3.2.2
## with integrity the arguments are an opaque of sequence number and arguments, and its checksum
#= rfc2203#5.3.2.3
## with privacy the arguments are an opaque of sequence number and arguments, wrapped with confidentiality
@pytest.mark.parametrize("sec", SECS)
@pytest.mark.parametrize("enctype", [17, 18, 19, 20])
def test_enctypes(lab5, script, realm, sec, enctype):
    """arguments reach the backend as they were and results come back, {sec} with enctype {enctype} [G1, G11]"""
    lab = lab5()
    connection = lab.connect()
    cache = realm.kinit("alice", cache=realm.directory / f"e{enctype}.cc", enctype=enctype)
    context = gss.Context(cache, enctype=enctype).create(connection, PROGRAM, 1)
    assert len(context.mic(b"")) == {17: 28, 18: 28, 19: 32, 20: 40}[enctype]
    for size in (0, 4, 12, 16, 20, 32, 36, 65536):
        data = os.urandom(size)
        assert context.call(connection, *ANY, data, gss.SERVICES[sec]).results == data
        assert script.calls[-1].arguments == data


#= rfc2203#5.3.3.2
## without integrity the results are as with AUTH_NONE
#= rfc2203#5.3.3.2
## with integrity the results are encoded as the arguments were
#= rfc2203#5.3.3.2
## with privacy the results are encoded as the arguments were
#= rfc2203#5.3.3.2
## the verifier of an accepted reply is the checksum of the request's sequence number in network order
@pytest.mark.parametrize("sec", SECS)
@pytest.mark.parametrize("size", [None, 1000, 65536])
def test_large(lab5, script, sec, size):
    """1 MiB goes to the backend and comes back over {sec}, the call in fragments of {size} bytes, and several in a row [G1, P6]"""
    lab = lab5(guests={"web1": {"limits": {"fragments": 2000}}})
    connection = lab.connect()
    context = lab.context(over=connection)
    data = os.urandom(1 << 20)
    for turn in range(3):
        assert context.call(connection, *ANY, data, gss.SERVICES[sec], size=size).results == data
        assert script.calls[-1].arguments == data
    assert script.fragments == [[len(fragment) for fragment in [rpc.call(0, 0, 0, 0, rpc.auth_sys(0, 0, range(4), b"web1"), data)]]] * 3


@pytest.mark.parametrize("sec", SECS)
def test_fragmented_reply(lab5, script, sec):
    """a reply that the backend sends in fragments comes whole over {sec} [G1]"""
    data = os.urandom(300_000)
    script.answer = lambda call: rpc.record(rpc.success(call.xid, data), 4096)
    lab = lab5()
    connection = lab.connect()
    context = lab.context(over=connection)
    for _ in range(3):
        assert context.call(connection, *ANY, b"", gss.SERVICES[sec]).results == data


@pytest.mark.parametrize("sec", SECS)
def test_pipelined(lab5, sec):
    """200 calls that are sent before a reply is read are all answered over {sec}, each with its own verifier [G1]"""
    lab = lab5()
    connection = lab.connect()
    context = lab.context(over=connection)
    service = gss.SERVICES[sec]
    sent = {}
    for number in range(200):
        seq = context.next_seq()
        connection.send(rpc.record(context.message(*ANY, rpc.u32(number), service, seq=seq, xid=number)))
        sent[number] = seq
    for _ in range(200):
        reply = connection.read_reply()
        assert context.open(reply, sent.pop(reply.xid), service).results == rpc.u32(reply.xid)


@pytest.mark.parametrize("sec", SECS)
def test_pipelined_in_fragments(lab5, script, sec):
    """50 calls in fragments that arrive together reach the backend each with its own arguments over {sec} [G1]"""
    lab = lab5()
    connection = lab.connect()
    context = lab.context(over=connection)
    service = gss.SERVICES[sec]
    calls = {xid: bytes([xid]) * (4000 + 400 * (xid % 7)) for xid in range(1, 51)}
    records = [rpc.record(context.message(*ANY, data, service, xid=xid), 1000) for xid, data in calls.items()]
    connection.send(b"".join(records))
    for _ in calls:
        assert connection.read_reply().outcome == "SUCCESS"
    assert {call.xid: call.arguments for call in script.calls} == calls


def test_services_in_turn(lab5):
    """one context uses the three services in turn [G1]"""
    lab = lab5()
    connection = lab.connect()
    context = lab.context(over=connection)
    for turn in range(30):
        assert context.call(connection, *ANY, rpc.u32(turn), 1 + turn % 3).results == rpc.u32(turn)


def test_two_contexts_on_one_connection(lab5, script):
    """alice's and bob's calls on one connection go on as alice's and as bob's [G1, G6]"""
    lab = lab5()
    connection = lab.connect()
    both = {user: lab.context(user, connection) for user in ("alice", "bob")}
    for turn in range(6):
        for user, uid in (("alice", 5001), ("bob", 5002)):
            assert both[user].call(connection, *ANY, b"data", 1 + turn % 3).results == b"data"
            assert rpc.parse_auth_sys(script.calls[-1].credential).uid == uid


#= rfc2203#5.3.3.2
## a reply whose status is not SUCCESS goes on as usual behind its verifier
@pytest.mark.parametrize("sec", SECS)
def test_refusals_of_the_backend(lab5, script, sec):
    """what the backend refuses comes bare behind a verifier over {sec} [G1]"""
    tails = {"PROG_UNAVAIL": (1,), "PROG_MISMATCH 2-9": (2, 2, 9), "PROC_UNAVAIL": (3,), "GARBAGE_ARGS": (4,), "SYSTEM_ERR": (5,)}
    lab = lab5()
    connection = lab.connect()
    context = lab.context(over=connection)
    for outcome, tail in tails.items():
        script.answer = lambda call: rpc.record(rpc.u32(call.xid, rpc.REPLY, rpc.MSG_ACCEPTED) + rpc.AUTH_NONE + rpc.u32(*tail))
        assert context.call(connection, *ANY, b"data", gss.SERVICES[sec]).outcome == outcome


@pytest.mark.parametrize("sec", SECS)
def test_auth_error_of_the_backend(lab5, script, sec):
    """a backend that refuses the gateway's credential is answered AUTH_TOOWEAK over {sec}: no context is to blame [G1]"""
    script.answer = lambda call: rpc.record(rpc.auth_error(call.xid, 13))
    lab = lab5()
    connection = lab.connect()
    context = lab.context(over=connection)
    assert context.call(connection, *ANY, b"data", gss.SERVICES[sec]).outcome == "AUTH_ERROR TOOWEAK"


def test_null_procedure(lab5, script):
    """the NULL procedure is a call as any other over every service [G1]"""
    lab = lab5()
    connection = lab.connect()
    context = lab.context(over=connection)
    for service in (gss.NONE, gss.INTEGRITY, gss.PRIVACY):
        assert context.call(connection, PROGRAM, 1, 0, b"", service).outcome == "SUCCESS"
    assert [call.procedure for call in script.calls] == [0, 0, 0]


def test_beside_auth_sys(lab5, script):
    """AUTH_SYS and contexts share a connection, each call with its own ids [G1, V7]"""
    lab = lab5()
    connection = lab.connect()
    context = lab.context(over=connection)
    for turn in range(6):
        assert connection.call(*ANY, rpc.auth_sys(1000 + turn, 100), b"data").results == b"data"
        assert context.call(connection, *ANY, b"data", 1 + turn % 3).results == b"data"
    assert [rpc.parse_auth_sys(call.credential).uid for call in script.calls] == [uid for turn in range(6) for uid in (1000 + turn, 5001)]


@pytest.mark.parametrize("sec", SECS)
def test_half_close(lab5, script, sec):
    """a client that says it has nothing more to send gets the replies that are due over {sec}, large ones too [G1]"""
    data = os.urandom(1 << 20)
    script.answer = lambda call: rpc.record(rpc.success(call.xid, data))
    lab = lab5()
    connection = lab.connect()
    context, service = lab.context(over=connection), gss.SERVICES[sec]
    numbers = [context.next_seq() for _ in range(3)]
    for xid, seq in enumerate(numbers):
        connection.send(rpc.record(context.message(*ANY, b"", service, seq=seq, xid=xid)))
    connection.half_close()
    for _ in numbers:
        reply = connection.read_reply()
        assert context.open(reply, numbers[reply.xid], service).results == data
    assert connection.closed()


@pytest.mark.parametrize("sec", SECS)
def test_backend_later(lab5, directory, stopping, sec):
    """calls of every size that were sent before the backend was there reach it as they were, over {sec} [G1, P10]"""
    lab = lab5(f"unix:{directory}/later.sock")
    connection = lab.connect()
    context, service = lab.context(over=connection), gss.SERVICES[sec]
    calls = {xid: os.urandom(size) for xid, size in enumerate((4, 1 << 20, 1000, 65536, 400_000), 1)}
    numbers = {xid: context.next_seq() for xid in calls}
    stream = b"".join(rpc.record(context.message(*ANY, data, service, xid=xid, seq=numbers[xid]), 30_000 if xid % 2 else None)
                      for xid, data in calls.items())
    sender = threading.Thread(target=connection.sock.sendall, args=(stream,))
    sender.start()
    until(lambda: lab.gateway.counters("web1").get("bytes_in", 0) > 1000, "the first calls read")
    server = stopping(Scripted(path=directory / "later.sock"))
    for _ in calls:
        reply = connection.read_reply()
        assert context.open(reply, numbers[reply.xid], service).results == calls[reply.xid]
    assert {call.xid: call.arguments for call in server.calls} == calls
    sender.join()
