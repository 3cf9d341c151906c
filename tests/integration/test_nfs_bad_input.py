"""NFS messages that no honest client sends: the right error, nothing that was not understood at the server, and no harm to anybody."""

import hashlib

import pytest
from nfs4lab import SECS, caller
from peers import gss, nfs3, nfs4, rpc
from peers.client import Closed
from peers.nfs4 import PUTROOTFH, Caller, carry_out, compound
from peers.rpc import opaque, u32

GROWTH_KIB = 6 * 1024
MANY = 10_000
FIRST_UNKNOWN = 76


@pytest.fixture
def lab(lab5, script):
    """lab starts a gateway with the keys given for web1, before a server that remembers what reaches it."""
    script.answer = carry_out
    return lambda **web1: lab5(programs=["nfs:3-4", "mountd:3"], guests={"web1": web1, "web2": {}}, gateway={"workers": 1})


def bodies(script) -> list[bytes]:
    """bodies are the arguments of the COMPOUNDs that reached the server."""
    return [call.arguments for call in script.calls if call.version == 4 and call.procedure == 1]


def outcome(one: Caller, arguments: bytes) -> str:
    """outcome is what comes of a COMPOUND of these arguments: the status of the results, or the refusal of RPC."""
    reply = one.call(nfs4.PROGRAM, 4, 1, arguments)
    return nfs4.answer(reply.results).word if reply.outcome == "SUCCESS" else reply.outcome


def goes_on(one: Caller, lab) -> None:
    """goes_on demands that the connection, and the other guest, are served as before."""
    assert one.say(PUTROOTFH).word == "OK"
    assert caller(lab, "web2", one.sec).say(PUTROOTFH).word == "OK"


@pytest.mark.parametrize("sec", SECS)
def test_many_operations(lab, script, sec):
    """a COMPOUND of 10 000 operations over {sec} reaches the server byte for byte; one more is TOO_MANY_OPS, in 4.0 RESOURCE, and goes nowhere [P9, L5]"""
    lab = lab()
    one = caller(lab, "web1", sec)
    whole = compound(*[PUTROOTFH] * MANY, tag=b"many")
    assert (one.send(whole).count, bodies(script)) == (MANY, [whole])
    for minor, status in ((0, "RESOURCE"), (1, "TOO_MANY_OPS"), (2, "TOO_MANY_OPS")):
        answer = one.send(compound(*[PUTROOTFH] * (MANY + 1), minor=minor, tag=b"more"))
        assert (answer.word, answer.tag, answer.count) == (status, b"more", 0)
    assert bodies(script) == [whole]
    goes_on(one, lab)


@pytest.mark.parametrize("sec", [sec for sec in SECS if sec != "sys"])
def test_long_calls_together(lab, script, sec):
    """of long calls over {sec} that come in one piece and are changed each reaches the server as itself [P9, G1]"""
    lab = lab()
    one = caller(lab, "web1", sec)
    # Behind many operations one with an identifier: too long for the worker's own memory.
    calls = [compound(*[PUTROOTFH] * 2400, nfs4.renew(letter * 8), minor=0, tag=letter * 64) for letter in (b"a", b"b", b"c")]
    one.connection.send(b"".join(rpc.record(one.context.message(nfs4.PROGRAM, 4, 1, call, gss.SERVICES[sec])) for call in calls))
    for _ in calls:
        assert one.connection.read_reply().outcome == "SUCCESS"
    assert [body[:-8] for body in bodies(script)] == [call[:-8] for call in calls]
    assert all(body[-8:] != call[-8:] for body, call in zip(bodies(script), calls))  # the identifiers are the guest's
    goes_on(one, lab)


@pytest.mark.parametrize("sec", SECS)
@pytest.mark.parametrize("operation", [0, 2, FIRST_UNKNOWN, 10044, 0xFFFFFFFF])
def test_unknown_operation(lab, script, sec, operation):
    """operation {operation}, which nobody knows, is OP_ILLEGAL over {sec}; what stands before it is done, the rest goes nowhere [P9]"""
    lab = lab()
    one = caller(lab, "web1", sec)
    answer = one.say(PUTROOTFH, u32(operation) + b"what might be its arguments.", PUTROOTFH)
    assert (answer.word, answer.operation, answer.count) == ("OP_ILLEGAL", 10044, 2)
    assert bodies(script) == [compound(PUTROOTFH)]
    alone = one.say(u32(operation))
    assert (alone.word, alone.operation, alone.count) == ("OP_ILLEGAL", 10044, 1)
    assert len(bodies(script)) == 1
    goes_on(one, lab)


def test_operation_of_a_later_minor_version(lab, script):
    """an operation of 4.2 is OP_ILLEGAL in 4.1, and one of 4.1 in 4.0 [P9]"""
    one = caller(lab())
    for minor, operation in ((1, u32(69) + bytes(16) + u32(0, 0, 0)), (0, u32(58, 0))):
        answer = one.say(PUTROOTFH, operation, minor=minor)
        assert (answer.word, answer.count) == ("OP_ILLEGAL", 2)
    assert bodies(script) == [compound(PUTROOTFH), compound(PUTROOTFH, minor=0)]


@pytest.mark.parametrize("sec", SECS)
def test_unknown_operation_passed(lab, script, sec):
    """with unknown_operations = "pass" it reaches the server over {sec} byte for byte, with what stands behind it [P9]"""
    sent = compound(PUTROOTFH, u32(FIRST_UNKNOWN) + b"what might be its arguments.", PUTROOTFH)
    assert caller(lab(unknown_operations="pass"), "web1", sec).send(sent).count == 1
    assert bodies(script) == [sent]


@pytest.mark.parametrize("sec", SECS)
def test_minor_version(lab, script, sec):
    """minor version 3 is MINOR_VERS_MISMATCH over {sec}, without results, and goes nowhere [P9]"""
    lab = lab()
    one = caller(lab, "web1", sec)
    for minor in (3, 0xFFFFFFFF):
        answer = one.send(compound(PUTROOTFH, minor=minor, tag=b"later"))
        assert (answer.word, answer.tag, answer.count) == ("MINOR_VERS_MISMATCH", b"later", 0)
    assert not bodies(script)
    goes_on(one, lab)


# Arguments whose lengths and counts are not those of what is there, at each level.
HUGE, HANDLE, STATE, CLIENT = u32(0xFFFFFFFF), opaque(bytes(16)), bytes(16), bytes(8)
LIES = {
    "nothing at all": b"",
    "a tag longer than the message": HUGE + bytes(64),
    "a tag one byte longer than the message": u32(13) + bytes(12),
    "more operations than are there": opaque(b"") + u32(1, 2) + PUTROOTFH,
    "as many operations as can be said": opaque(b"") + u32(1, 9999) + PUTROOTFH,
    "fewer operations than are there": opaque(b"") + u32(1, 1) + PUTROOTFH * 2,
    "bytes behind the last operation": compound(PUTROOTFH) + bytes(3),
    "an operation cut in its number": compound(PUTROOTFH) + bytes(2),
    "a handle longer than the message": compound(u32(22) + HUGE + bytes(128)),
    "a handle of 129 bytes": compound(u32(22) + opaque(bytes(129))),
    "a name longer than the message": compound(PUTROOTFH, u32(15) + u32(0x7FFFFFFF) + b"name"),
    "a name cut in its padding": compound(PUTROOTFH, u32(15, 5) + b"names"),
    "a bitmap of 2^32 - 1 words": compound(PUTROOTFH, u32(9) + HUGE + bytes(16)),
    "attributes longer than the message": compound(PUTROOTFH, u32(34) + STATE + u32(1, 2) + HUGE + bytes(8)),
    "file data longer than the message": compound(u32(22) + HANDLE, u32(38) + STATE + u32(0, 0, 2) + HUGE + bytes(64)),
    "file data one word longer than the message": compound(u32(22) + HANDLE, u32(38) + STATE + u32(0, 0, 2, 68) + bytes(64)),
    "an owner longer than the message": compound(u32(42) + bytes(8) + HUGE + bytes(64)),
    "an owner of 1025 bytes": compound(nfs4.exchange_id(bytes(8), bytes(1025))),
    "an owner of 1025 bytes in 4.0": compound(nfs4.set_client(bytes(8), bytes(1025)), minor=0),
    "an open owner of 1025 bytes": compound(PUTROOTFH, u32(18, 0, 1, 0) + CLIENT + opaque(bytes(1025)) + u32(0, 0) + opaque(b"name")),
    "a protection that no union has": compound(u32(42) + bytes(8) + opaque(b"owner") + u32(0, 3, 0)),
    "operations to protect without end": compound(u32(42) + bytes(8) + opaque(b"owner") + u32(0, 1) + HUGE * 8),
    "two implementations": compound(u32(42) + bytes(8) + opaque(b"owner") + u32(0, 0, 2)),
    "callback flavors without end": compound(u32(43) + CLIENT + u32(1, 0) + nfs4.CHANNEL * 2 + u32(0x40000000) + HUGE + bytes(8)),
    "a session cut in the middle": compound(u32(53) + bytes(15)),
    "state ids to test without end": compound(u32(55) + HUGE + STATE),
}


@pytest.mark.parametrize("sec", SECS)
def test_lying_lengths(lab, script, sec):
    """lengths and counts that are not true are GARBAGE_ARGS over {sec}, nothing of them reaches the server, and the connection goes on [P9, L5]"""
    lab = lab(client_owners="bound")
    one = caller(lab, "web1", sec)
    heard = {what: outcome(one, arguments) for what, arguments in LIES.items()}
    assert heard == {what: "GARBAGE_ARGS" for what in LIES}
    assert not bodies(script)
    assert lab.gateway.events("refused", guest="web1")
    goes_on(one, lab)


@pytest.mark.parametrize("sec", SECS)
def test_lying_lengths_version_3(lab, script, sec):
    """arguments of NFSv3 whose handles are not true are GARBAGE_ARGS over {sec} where handles are bound, and reach no server [P9, L5]"""
    lab = lab(filehandles="bound")
    one = caller(lab, "web1", sec)
    for lie in (b"", u32(65) + bytes(68), HUGE + bytes(64), u32(20) + bytes(16)):
        for procedure in (1, 3, 6, 7, 14):
            assert one.call(nfs3.PROGRAM, 3, procedure, lie).outcome == "GARBAGE_ARGS", (procedure, lie)
    assert not script.calls
    goes_on(one, lab)


# Results that no server gives: a client must not be told what is in them.
FALSE = {
    "nothing at all": b"",
    "a tag longer than the message": u32(0) + HUGE,
    "more results than are there": u32(0) + opaque(b"") + u32(2) + PUTROOTFH + u32(0),
    "bytes behind the last result": u32(0) + opaque(b"") + u32(1) + PUTROOTFH + u32(0, 0),
    "an operation nobody knows": u32(0) + opaque(b"") + u32(1, FIRST_UNKNOWN, 0),
    "a session cut in the middle": u32(0) + opaque(b"") + u32(1, 53, 0) + bytes(15),
    "a handle longer than the message": u32(0) + opaque(b"") + u32(1, 10, 0) + HUGE,
}


@pytest.mark.parametrize("sec", SECS)
def test_false_results(lab, script, sec):
    """results that are none end the session of their call over {sec}, with nothing of them at the client, and no other session [P9, L6]"""
    lab = lab()
    beside = caller(lab, "web2", sec)
    assert beside.say(PUTROOTFH).word == "OK"
    for what, results in FALSE.items():
        one = caller(lab, "web1", sec)
        script.answer = lambda call, results=results: rpc.record(rpc.success(call.xid, results))
        with pytest.raises(Closed):
            one.say(PUTROOTFH)
            pytest.fail(what)
        script.answer = carry_out
    assert len(lab.gateway.events("closed", guest="web1", reason="backend-malformed")) == len(FALSE)
    assert beside.say(PUTROOTFH).word == "OK"


@pytest.mark.parametrize("sec", SECS)
@pytest.mark.parametrize("size", [1, 40])
def test_fragments(lab, script, sec, size):
    """a COMPOUND that comes over {sec} in fragments of {size} bytes is changed as one that comes whole [P3]"""
    one = caller(lab(client_owners="bound"), "web1", sec)
    assert one.call(nfs4.PROGRAM, 4, 1, compound(nfs4.exchange_id(b"its boot", b"owner")), size=size).outcome == "SUCCESS"
    assert bodies(script) == [compound(nfs4.exchange_id(b"its boot", b"web1/owner"))]


@pytest.mark.parametrize("sec", SECS)
def test_tags(lab, script, sec):
    """a tag of 1024 bytes over {sec} comes back; one of 1025 or of 1 MiB is BADXDR, and goes nowhere [P9, L5]"""
    lab = lab()
    one = caller(lab, "web1", sec)
    assert one.send(compound(PUTROOTFH, tag=b"t" * 1024)).tag == b"t" * 1024
    for size in (1025, 1 << 20):
        answer = one.send(compound(PUTROOTFH, tag=b"t" * size))
        assert (answer.word, answer.count) == ("BADXDR", 0)
    assert len(bodies(script)) == 1
    goes_on(one, lab)


@pytest.mark.parametrize("sec", SECS)
def test_owners(lab, script, sec):
    """owners of up to 1 KiB reach the server over {sec} with the guest's name before them, those too long for both as their hash [T3]"""
    one, named = caller(lab(client_owners="bound"), "web1", sec), {}
    for size in (0, 1, 1019, 1020, 1024):
        owner = bytes(range(256)) * 4
        named[size] = b"web1/" + (owner[:size] if size <= 1019 else b"sha256:" + hashlib.sha256(owner[:size]).hexdigest().encode())
        one.say(nfs4.exchange_id(b"its boot", owner[:size]))
        one.say(nfs4.set_client(b"its boot", owner[:size]), minor=0)
    seen = bodies(script)
    for number, expected in enumerate(named.values()):
        assert seen[2 * number] == compound(nfs4.exchange_id(b"its boot", expected))
        reader = rpc.Reader(seen[2 * number + 1])
        reader.take(24)
        assert reader.opaque() == expected


@pytest.mark.parametrize("sec", SECS)
@pytest.mark.parametrize("keys,address", [("none", "0.0.0.0.0.0"), ("plain", "127.0.0.1.8.1")])
def test_callback_address(lab, script, sec, keys, address):
    """with callback_addresses = "{keys}" the server is told by SETCLIENTID over {sec} to call back at {address} [T3]"""
    caller(lab(callback_addresses=keys), "web1", sec).say(nfs4.set_client(b"its boot", b"owner"), minor=0)
    sent = nfs4.set_client(b"its boot", b"web1/owner").replace(opaque(b"127.0.0.1.8.1"), opaque(address.encode()))
    assert bodies(script) == [compound(sent, minor=0)]


def test_callback_security_and_protection(lab, script):
    """RPCSEC_GSS for the backchannel becomes AUTH_NONE, and SP4_MACH_CRED becomes SP4_NONE, before the server sees them [V10]"""
    one = caller(lab(state_ids="plain"))
    gss = u32(6, 1) + opaque(b"server's") + opaque(b"client's")
    asked = nfs4.create_session(bytes(8), 1)
    assert asked.endswith(u32(1, 0))
    one.say(asked[:-8] + u32(1) + gss)
    one.say(nfs4.exchange_id(b"its boot", b"owner", nfs4.SP4_MACH_CRED))
    assert bodies(script) == [compound(asked), compound(nfs4.exchange_id(b"its boot", b"web1/owner"))]


def test_nothing_forwarded_read_only(lab, script):
    """what a read-only guest would change does not reach the server; what stands before it does [P9]"""
    one = caller(lab(ro=True))
    assert one.say(PUTROOTFH, nfs4.remove("name")).word == "ROFS"
    assert one.say(nfs4.remove("name")).word == "ROFS"
    assert one.call(nfs3.PROGRAM, 3, 12, opaque(bytes(16)) + opaque(b"name")).results == u32(30, 0, 0)
    assert bodies(script) == [compound(PUTROOTFH)]
    assert len(script.calls) == 1


def test_mount_paths_forwarded(lab, script):
    """of MOUNT's paths those of the guest reach the server, also such as are no UTF-8; of 1 KiB and more none is [P9, L5]"""
    started = lab(mount_paths=["/a"], programs=["nfs:3", "mountd"])
    one = caller(started)
    good = [b"/a", b"/a/", b"/a/b", b"/a/\xff\xfe", b"/a/" + b"x" * 1021]
    for path in [*good, b"/b", b"/ab", b"/A", b"/a/..", b"/a/../b", b"/a/./b", b"/a//b", b"/a/\0", b"", b"/", b"/" + b"x" * 1023]:
        one.call(nfs3.MOUNT, 3, 1, opaque(path))
    assert [call.arguments for call in script.calls] == [opaque(path) for path in good]
    script.calls.clear()
    arguments = rpc.record(rpc.call(1, nfs3.MOUNT, 3, 1, rpc.auth_sys(1000, 100), opaque(b"/a/" + b"x" * 1000)))
    for at in range(0, len(arguments), 250):  # in pieces, each read before the next, as its one worker serves another meanwhile
        one.connection.send(arguments[at:at + 250])
        assert caller(started, "web2").say(PUTROOTFH).word == "OK"
    assert one.connection.read_reply().outcome == "SUCCESS"
    asked = [call.arguments for call in script.calls if call.program == nfs3.MOUNT]
    assert asked == [opaque(b"/a/" + b"x" * 1000)]
    for path in (b"/a/" + b"x" * 1022, b"/a" + b"/b" * 32767, b"x" * 65536):
        assert one.call(nfs3.MOUNT, 3, 1, opaque(path)).outcome == "GARBAGE_ARGS"
    for lie in (b"", HUGE + b"/a", u32(5) + b"/a/b", opaque(b"/a") + bytes(4)):
        assert one.call(nfs3.MOUNT, 3, 1, lie).outcome == "GARBAGE_ARGS"
    assert [call.arguments for call in script.calls if call.program == nfs3.MOUNT] == asked


@pytest.mark.parametrize("sec", ["sys", "krb5p"])
def test_memory(lab, script, sec):
    """hundreds of such messages over {sec} do not raise the gateway's memory [P6, L5]"""
    lab = lab(client_owners="bound")
    one = caller(lab, "web1", sec)
    many = compound(*[PUTROOTFH] * MANY), compound(*[PUTROOTFH] * (MANY + 1)), compound(PUTROOTFH, tag=b"t" * (1 << 20))

    def once() -> None:
        for arguments in (*many, *LIES.values()):
            outcome(one, arguments)
    for _ in range(3):
        once()
    before = lab.gateway.memory_kib()
    for _ in range(20):
        once()
    assert lab.gateway.peak_kib() - before < GROWTH_KIB
    goes_on(one, lab)
