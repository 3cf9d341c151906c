"""Call headers under attack: every length field at its limits, flavors nobody takes, and messages that are no calls."""

import pytest
from peers import rpc, tirpc
from peers.rpc import Flavor, auth, auth_sys, auth_sys_body, u32
from scene import P, WAYS, echo

ways = pytest.mark.parametrize("way", WAYS)
HUGE = (1 << 31, (1 << 32) - 1)
HEAD = u32(7, rpc.CALL, 2, P, 1, tirpc.ECHO)


def claimed(flavor: int, length: int, body: bytes) -> bytes:
    """claimed is an opaque_auth that declares a length, whatever its body is."""
    return u32(flavor, length) + body + bytes(-len(body) % 4)


def auth_body(length: int) -> bytes:
    return bytes(min(length, 408))


@ways
@pytest.mark.parametrize("length", [0, 399, 400, 401, *HUGE])
def test_credential_length(standing, way, length):
    """over {way} an AUTH_SYS credential of {length} bytes that is none is AUTH_BADCRED [P11, V3]"""
    message = HEAD + claimed(Flavor.SYS, length, auth_body(length)) + rpc.AUTH_NONE + rpc.opaque(b"data")
    standing.refuses(way, message, "AUTH_ERROR BADCRED", "bad-credential")


@ways
@pytest.mark.parametrize("length,outcome,rule", [(0, "REJECTEDCRED", "unknown-flavor"), (399, "REJECTEDCRED", "unknown-flavor"),
                                                 (400, "REJECTEDCRED", "unknown-flavor"), (401, "BADCRED", "bad-credential")])
def test_unknown_flavor_length(standing, way, length, outcome, rule):
    """over {way} a credential of flavor 99 and {length} bytes is AUTH_{outcome} [P11, P12]"""
    standing.refuses(way, HEAD + claimed(99, length, auth_body(length)) + rpc.AUTH_NONE, f"AUTH_ERROR {outcome}", rule)


@ways
@pytest.mark.parametrize("flavor", [Flavor.NONE, Flavor.SYS, 99])
@pytest.mark.parametrize("length", [1, 399, 400, 401, *HUGE])
def test_verifier_length(standing, way, flavor, length):
    """over {way} a verifier of flavor {flavor:d} and {length} bytes on an AUTH_SYS call is AUTH_BADVERF [P11, V3]"""
    message = HEAD + auth_sys(1000, 100) + claimed(flavor, length, auth_body(length)) + rpc.opaque(b"data")
    standing.refuses(way, message, "AUTH_ERROR BADVERF", "bad-verifier")


@ways
@pytest.mark.parametrize("length", [0, 1, 254, 255])
def test_longest_machine_name(standing, way, length):
    """over {way} a machine name of {length} bytes is taken [P11]"""
    standing.answers(way, rpc.record(echo(credential=auth_sys(1000, 100, machine=b"m" * length))))


@ways
@pytest.mark.parametrize("length", [256, 1000, *HUGE])
def test_machine_name_too_long(standing, way, length):
    """over {way} a machine name that says it has {length} bytes is AUTH_BADCRED [P11]"""
    body = u32(0, length) + b"m" * 256 + u32(1000, 100, 0)
    standing.refuses(way, echo(credential=auth(Flavor.SYS, body)), "AUTH_ERROR BADCRED", "bad-credential")


@ways
@pytest.mark.parametrize("count", [0, 1, 15, 16])
def test_most_gids(standing, way, count):
    """over {way} {count} supplementary groups are taken [P11]"""
    standing.answers(way, rpc.record(echo(credential=auth_sys(1000, 100, range(5, 5 + count)))))


@ways
@pytest.mark.parametrize("count,present", [(17, 17), (17, 16), (16, 15), (16, 17), (1, 0), (HUGE[0], 16), (HUGE[1], 16), (1 << 30, 16)])
def test_gid_count(standing, way, count, present):
    """over {way} a list that says {count} groups and has {present} is AUTH_BADCRED [P11]"""
    body = u32(0) + rpc.opaque(b"name") + u32(1000, 100, count) + u32(*range(present))
    standing.refuses(way, echo(credential=auth(Flavor.SYS, body)), "AUTH_ERROR BADCRED", "bad-credential")


def test_every_truncation_of_the_credential(standing):
    """an AUTH_SYS body that ends after any of its bytes is AUTH_BADCRED [P11]"""
    body = auth_sys_body(1000, 100, range(3), machine=b"machine")
    with standing.nothing_forwarded("unix"), standing.counted("unix", rule_bad_credential=len(body)), standing.connect() as connection:
        for at in range(len(body)):
            reply = connection.call(P, 1, tirpc.ECHO, auth(Flavor.SYS, body[:at]), rpc.opaque(b"data"))
            assert reply.outcome == "AUTH_ERROR BADCRED", f"of {at} bytes"


FLAVORS = [("AUTH_SHORT", auth(Flavor.SHORT, b"shorthand"), "REJECTEDCRED", "unknown-flavor"),
           ("AUTH_DH", auth(Flavor.DH, bytes(20)), "REJECTEDCRED", "unknown-flavor"),
           ("flavor 4", auth(4), "REJECTEDCRED", "unknown-flavor"), ("flavor 2^32-1", auth(0xFFFFFFFF), "REJECTEDCRED", "unknown-flavor"),
           ("AUTH_NONE with a body", auth(Flavor.NONE, b"body"), "BADCRED", "bad-credential"),
           ("AUTH_NONE for data", rpc.AUTH_NONE, "TOOWEAK", "sec"),
           ("AUTH_TLS for data", auth(Flavor.TLS), "BADCRED", "bad-credential"),
           ("AUTH_TLS with a body", auth(Flavor.TLS, b"body"), "BADCRED", "bad-credential")]


@ways
@pytest.mark.parametrize("what,credential,outcome,rule", FLAVORS, ids=[case[0] for case in FLAVORS])
def test_flavor(standing, way, what, credential, outcome, rule):
    """over {way} {what} is AUTH_{outcome} by the rule {rule} [P12, V7]"""
    standing.refuses(way, echo(credential=credential), f"AUTH_ERROR {outcome}", rule)


@ways
def test_tls_probe(standing, way):
    """over {way} an AUTH_TLS probe is answered without STARTTLS, counted, and not forwarded; the connection goes on in clear [P12]"""
    with standing.nothing_forwarded(way), standing.counted(way, rule_tls_probe=1), standing.connect(way) as connection:
        reply = connection.call(P, 1, 0, auth(Flavor.TLS))
        assert (reply.outcome, reply.verifier_flavor, reply.verifier) == ("SUCCESS", Flavor.NONE, b"")


@ways
def test_client_hello_after_the_probe(standing, way):
    """over {way} a client that starts TLS although it was not offered is closed [P12]"""
    with standing.nothing_forwarded(way), standing.counted(way, closed_record_too_long=1), standing.connect(way) as connection:
        assert connection.call(P, 1, 0, auth(Flavor.TLS)).outcome == "SUCCESS"
        connection.send(bytes.fromhex("16030100310100002d0303") + bytes(45))
        assert connection.closed()


@ways
@pytest.mark.parametrize("version", [0, 1, 3, 1 << 31, 0xFFFFFFFF])
def test_rpc_version(standing, way, version):
    """over {way} RPC version {version} is RPC_MISMATCH 2-2 [V3]"""
    standing.refuses(way, echo(rpc_version=version), "RPC_MISMATCH 2-2", "rpc-version")


MESSAGES = [("a REPLY to nothing", rpc.success(7, b"results"), "unexpected-reply"),
            ("a REPLY that denies nothing", rpc.auth_error(7, 1), "unexpected-reply"),
            ("a REPLY of eight bytes", u32(7, rpc.REPLY), "unexpected-reply"),
            ("message type 2", echo(message_type=2), "bad-message-type"),
            ("message type 2^32-1", echo(message_type=0xFFFFFFFF), "bad-message-type"),
            ("seven bytes", bytes(7), "malformed-call"), ("only xid and type", u32(7, 0), "malformed-call"),
            ("a call without procedure", u32(7, 0, 2, P, 1), "malformed-call")]


@ways
@pytest.mark.parametrize("what,message,reason", MESSAGES, ids=[case[0] for case in MESSAGES])
def test_no_call(standing, way, what, message, reason):
    """over {way} {what} closes the connection as {reason} [V3, V12]"""
    standing.closes(way, rpc.record(message), reason)
    standing.closes(way, rpc.record(message, 6), reason)


@ways
def test_refusal_of_a_large_call(standing, way):
    """over {way} the body of a refused call is skipped, not taken for records of its own [V3]"""
    inner = rpc.record(echo(b"smuggled", 99))
    body = inner * 400
    with standing.connect(way) as connection:
        with standing.nothing_forwarded(way), standing.counted(way, rejections=1):
            connection.send(rpc.record(echo(credential=auth(99))[:48] + body))
            assert connection.read_reply().outcome == "AUTH_ERROR REJECTEDCRED"
        connection.send(rpc.record(echo(xid=8)))
        assert connection.read_reply().xid == 8
