"""Calls that the gateway refuses: the exact rejection, nothing at the backend, and a connection that goes on."""

import pytest
from lanes import open_lanes
from peers import nfs4, rpc, tirpc
from peers.rpc import Flavor, auth, auth_sys, auth_sys_body, opaque, u32
from peers.scripted import Scripted

P = tirpc.PROGRAM
USER = auth_sys(1000, 100)


@pytest.fixture
def backend(directory, stopping):
    return stopping(Scripted(directory / "backend.sock"))


@pytest.fixture
def lanes(gateway, directory, backend):
    return lambda guest=None, **more: open_lanes(gateway, directory, backend.address, guest=guest, **more)


def refused(lanes, backend, outcome: str, *call, **header) -> rpc.Reply:
    """refused makes the call, which must have the outcome, and then an honest one on the same connection: the backend has seen
    that one alone, and one refusal was counted and logged for the guest."""
    with lanes.connect() as connection:
        reply = connection.call(*call, **header)
        assert reply.outcome == outcome
        assert connection.call(P, 1, tirpc.ECHO, USER, b"good").results == b"good"
    assert [seen.arguments for seen in backend.calls] == [b"good"]
    assert lanes.gateway.counters("web1")["rejections"] == 1
    assert lanes.gateway.events("refused", guest="web1")
    return reply


CREDENTIALS = [
    ("AUTH_SHORT", auth(Flavor.SHORT, b"short"), "REJECTEDCRED"),
    ("AUTH_DH", auth(Flavor.DH, bytes(16)), "REJECTEDCRED"),
    ("flavor 99", auth(99), "REJECTEDCRED"),
    ("17 groups", auth_sys(1000, 100, range(17)), "BADCRED"),
    ("a machine name of 256 bytes", auth_sys(1000, 100, machine=b"m" * 256), "BADCRED"),
    ("an AUTH_SYS body one word too long", auth(Flavor.SYS, auth_sys_body(1000, 100) + u32(0)), "BADCRED"),
    ("an AUTH_SYS body one word too short", auth(Flavor.SYS, auth_sys_body(1000, 100)[:-4]), "BADCRED"),
    ("an empty AUTH_SYS body", auth(Flavor.SYS), "BADCRED"),
    ("AUTH_NONE with a body", auth(Flavor.NONE, b"body"), "BADCRED"),
    ("RPCSEC_GSS, which the guest may not use", auth(Flavor.GSS, u32(1, 1, 0, 1, 0)), "TOOWEAK"),
]


@pytest.mark.parametrize("what,credential,stat", CREDENTIALS, ids=[case[0] for case in CREDENTIALS])
def test_credential(lanes, backend, what, credential, stat):
    """a credential with {what} is refused as {stat} and never forwarded [P11, P12]"""
    refused(lanes({"sec": ["sys"]}), backend, f"AUTH_ERROR {stat}", P, 1, tirpc.ECHO, credential)


@pytest.mark.parametrize("what,verifier", [("flavor AUTH_SYS", auth(Flavor.SYS, auth_sys_body(0, 0))), ("a body", auth(Flavor.NONE, b"body"))])
def test_verifier(lanes, backend, what, verifier):
    """an AUTH_SYS call whose verifier has {what} is refused as BADVERF [P11]"""
    refused(lanes(), backend, "AUTH_ERROR BADVERF", P, 1, tirpc.ECHO, USER, verifier=verifier)


def test_sixteen_groups_and_longest_name(lanes, backend):
    """16 groups and a machine name of 255 bytes, the largest credential allowed, are taken [P11]"""
    with lanes().connect() as connection:
        largest = auth_sys(1000, 100, range(16), machine=b"m" * 255)
        assert connection.call(P, 1, tirpc.ECHO, largest, b"x" * 8).results == b"x" * 8
    assert rpc.parse_auth_sys(backend.calls[0].credential).machine == b"web1"


@pytest.mark.parametrize("sec", [["krb5"], ["krb5i"], ["krb5p"], ["krb5", "krb5i", "krb5p"]])
@pytest.mark.parametrize("what,credential,stat", [("AUTH_SYS", USER, "TOOWEAK"), ("an INIT that is no NULL call", auth(Flavor.GSS, u32(1, 1, 0, 1, 0)), "BADCRED")])
def test_kerberos_only(lanes, backend, sec, what, credential, stat):
    """{what} of a guest with sec = {sec} is refused as {stat} [V7]"""
    with lanes({"sec": sec}).connect() as connection:
        assert connection.call(P, 1, tirpc.ECHO, credential).outcome == f"AUTH_ERROR {stat}"
    assert backend.calls == []


def test_sec_by_program(lanes, backend):
    """sec_by_program decides for its program before sec does [V7]"""
    guest = {"sec": ["krb5"], "sec_by_program": {"mountd": ["sys"]}}
    with lanes(guest, programs=["mountd:3", f"{P}:1-2"]).connect() as connection:
        assert connection.call(100005, 3, 3, USER).outcome == "SUCCESS"
        assert connection.call(P, 1, 1, USER).outcome == "AUTH_ERROR TOOWEAK"


def test_program(lanes, backend):
    """a program that no backend of the guest serves is PROG_UNAVAIL [L5, P7]"""
    refused(lanes(), backend, "PROG_UNAVAIL", 100021, 4, 1, USER)


@pytest.mark.parametrize("version", [0, 3, 0xFFFFFFFF])
def test_version(lanes, backend, version):
    """version {version} of a program granted as 1-2 is PROG_MISMATCH 1-2 [L1]"""
    refused(lanes(), backend, "PROG_MISMATCH 1-2", P, version, 1, USER)


def test_procedure(lanes, backend):
    """a procedure outside the guest's list is PROC_UNAVAIL [L1]"""
    lanes = lanes({"programs": ["mountd:3/null,mnt,umnt", f"{P}:1-2"]}, programs=["mountd:3", f"{P}:1-2"])
    refused(lanes, backend, "PROC_UNAVAIL", 100005, 3, 5, USER)


def test_procedures_granted(lanes, backend):
    """the procedures in the guest's list, and NULL, are forwarded [L1]"""
    lanes = lanes({"programs": ["mountd:3/mnt,umnt"]}, programs=["mountd:3", f"{P}:1-2"])
    backend.answer = nfs4.carry_out
    with lanes.connect() as connection:
        assert [connection.call(100005, 3, procedure, USER, opaque(b"/a")).outcome for procedure in (0, 1, 3)] == ["SUCCESS"] * 3
        assert [call.procedure for call in backend.calls] == [0, 1, 3]
        assert connection.call(P, 1, 1, USER).outcome == "PROG_UNAVAIL"


@pytest.mark.parametrize("rpc_version", [0, 1, 3, 0xFFFFFFFF])
def test_rpc_version(lanes, backend, rpc_version):
    """a call of RPC version {rpc_version} is RPC_MISMATCH 2-2 [V3]"""
    with lanes().connect() as connection:
        assert connection.call(P, 1, 1, USER, rpc_version=rpc_version).outcome == "RPC_MISMATCH 2-2"
    assert backend.calls == []


def test_tls_probe(lanes, backend):
    """the AUTH_TLS probe is answered here with an empty AUTH_NONE verifier; the backend sees no connection [P12]"""
    with lanes().connect() as connection:
        reply = connection.call(P, 1, 0, auth(Flavor.TLS))
        assert (reply.outcome, reply.verifier_flavor, reply.verifier, reply.results) == ("SUCCESS", Flavor.NONE, b"", b"")
        assert backend.connections == []


TLS = [
    ("a credential body", dict(credential=auth(Flavor.TLS, b"body")), 0, "BADCRED"),
    ("a verifier body", dict(credential=auth(Flavor.TLS), verifier=auth(Flavor.NONE, b"body")), 0, "BADVERF"),
    ("a procedure other than NULL", dict(credential=auth(Flavor.TLS)), 1, "BADCRED"),
]


@pytest.mark.parametrize("what,header,procedure,stat", TLS, ids=[case[0] for case in TLS])
def test_bad_tls_probe(lanes, backend, what, header, procedure, stat):
    """an AUTH_TLS probe with {what} is refused as {stat} [P12]"""
    refused(lanes(), backend, f"AUTH_ERROR {stat}", P, 1, procedure, **header)


REJECTIONS = [
    (dict(program_number=99), "RPC_PROGUNAVAIL"),
    (dict(version=7), "RPC_PROGVERSMISMATCH 1-2"),
    (dict(none=True), "RPC_AUTHERROR AUTH_TOOWEAK"),
]


@pytest.mark.parametrize("call,error", REJECTIONS, ids=[case[1] for case in REJECTIONS])
def test_libtirpc_understands(lanes, call, error):
    """a client made with libtirpc reads the gateway's rejection as {error} [V3]"""
    assert lanes().over_unix("who", **call).error == error


def test_backend_rejections_pass(gateway, directory, stopping):
    """PROC_UNAVAIL and GARBAGE_ARGS of the server itself reach the client as they are [V3]"""
    server = stopping(tirpc.TirpcServer(directory / "server.log", path=directory / "server.sock"))
    with open_lanes(gateway, directory, server.address).connect() as connection:
        assert connection.call(P, 1, 77, USER).outcome == "PROC_UNAVAIL"
        assert connection.call(P, 1, tirpc.ECHO, USER, u32(100)).outcome == "GARBAGE_ARGS"


@pytest.mark.parametrize("stat", [1, 2, 3, 4, 5, 7, 13, 14])
def test_backend_auth_error(lanes, backend, stat):
    """AUTH_ERROR {stat} of a backend is logged and reaches the client as TOOWEAK [P10]"""
    backend.answer = lambda call: rpc.record(rpc.auth_error(call.xid, stat))
    lanes = lanes()
    with lanes.connect() as connection:
        assert connection.call(P, 1, tirpc.ECHO, USER).outcome == "AUTH_ERROR TOOWEAK"
    lanes.gateway.wait_event("backend-auth-error", backend="peer", guest="web1")
