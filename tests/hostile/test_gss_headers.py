"""RPCSEC_GSS credentials and verifiers under attack: every field, every length, every order of errors."""

import os

import pytest
from gss_scene import CALL
from peers import gss, rpc, tirpc
from peers.client import Closed
from peers.gss import DATA, DESTROY, INIT, CONTINUE_INIT, credential_body, put
from peers.rpc import u32

PROGRAM, VERSION, PROCEDURE = CALL
SERVICES = (gss.NONE, gss.INTEGRITY, gss.PRIVACY)
CREDPROBLEM, CTXPROBLEM = "GSS_CREDPROBLEM", "GSS_CTXPROBLEM"


#= rfc2203#5
## a credential is version, procedure, sequence number, service and handle, and nothing else
#= rfc2203#5.3.3.3
## a bad length, an illegal control procedure or an illegal service is denied with AUTH_BADCRED
@pytest.mark.parametrize("first", [DATA, INIT, CONTINUE_INIT, DESTROY])
def test_every_credential_length(gss_standing, first):
    """a credential body of 0 to 401 bytes that is none of procedure {first} is AUTH_BADCRED [G1, P11]"""
    bodies = [u32(1, first, 1, 1)[:length] + os.urandom(max(0, length - 16)) for length in range(402)]
    # Those whose handle would end where they end are credentials.
    bodies = [body for body in bodies if len(body) < 20 or int.from_bytes(body[16:20], "big") > 400]
    gss_standing.denied(*(rpc.call(1, *CALL, rpc.auth(rpc.Flavor.GSS, body), b"evil", rpc.auth(rpc.Flavor.GSS, bytes(28))) for body in bodies),
                        outcome="BADCRED")


#= rfc2203#5.3.3.3
## a handle without a context is denied with RPCSEC_GSS_CREDPROBLEM
@pytest.mark.parametrize("procedure", [DATA, DESTROY])
def test_every_handle_length(gss_standing, procedure):
    """a handle of 0 to 380 bytes that names no context is CREDPROBLEM for procedure {procedure}, also one that begins as a context's [G1, G12]"""
    known = gss_standing.attacker.handle
    handles = [bytes(length) for length in range(381)]
    handles += [known[:length] for length in range(16)] + [known + bytes(length) for length in range(1, 9)] + [known * 2]
    handles += [gss.flip(at, 1 << bit)(known) for at in range(16) for bit in (0, 7)]
    gss_standing.denied(*(gss_standing.attacker.message(PROGRAM, VERSION, 0, handle=handle, gss_procedure=procedure) for handle in handles),
                        outcome=CREDPROBLEM)


@pytest.mark.parametrize("length", [381, 384, 400, 401, 1 << 31, (1 << 32) - 1])
def test_declared_handle_length(gss_standing, length):
    """a credential that declares a handle of {length} bytes and has 16 is AUTH_BADCRED [G1, P11]"""
    body = u32(1, DATA, 1, 1, length) + gss_standing.attacker.handle
    gss_standing.denied(gss_standing.message(credential=put(body)), outcome="BADCRED")


@pytest.mark.parametrize("length", [401, 404, 1000, 1 << 31, (1 << 32) - 1])
def test_declared_credential_length(gss_standing, length):
    """an RPCSEC_GSS credential that declares {length} bytes is AUTH_BADCRED [G1, P11]"""
    message = u32(1, rpc.CALL, 2, *CALL, rpc.Flavor.GSS, length) + bytes(min(length, 1000)) + rpc.AUTH_NONE
    gss_standing.denied(message, outcome="BADCRED")


@pytest.mark.parametrize("extra", [b"\0\0\0\0", b"\0" * 8])
def test_trailing_bytes(gss_standing, extra):
    """a good credential with {extra!r} behind it is AUTH_BADCRED [G1]"""
    gss_standing.denied(*(gss_standing.message(service=service, credential=lambda body: body + extra) for service in SERVICES), outcome="BADCRED")


def test_padding_of_a_handle(gss_standing):
    """a handle whose padding lies outside the credential's body is AUTH_BADCRED [G1]"""
    body = u32(1, DATA, 1, 1, 15) + gss_standing.attacker.handle[:15]
    gss_standing.denied(gss_standing.message(credential=put(body)), outcome="BADCRED")


#= rfc2203#5.1
## a version that is not supported is denied with AUTH_REJECTEDCRED
@pytest.mark.parametrize("version", [0, 2, 3, 4, 0xFFFFFFFF])
def test_versions(gss_standing, version):
    """RPCSEC_GSS version {version} is AUTH_REJECTEDCRED, whatever it asks for [G1, G2, G3]"""
    token = gss.Context(gss_standing.lab.ticket("alice")).token()
    gss_standing.denied(gss.creation(PROGRAM, VERSION, token, gss_version=version),
                        *(gss_standing.message(gss_version=version, handle=bytes(16), gss_procedure=procedure) for procedure in range(8)),
                        outcome="REJECTEDCRED")


@pytest.mark.parametrize("version", [0, 2, 3, 4])
def test_version_with_a_handle(gss_standing, version):
    """version {version} with the handle of a context of version 1 is AUTH_REJECTEDCRED all the same [G2, G3]"""
    gss_standing.denied(*(gss_standing.message(gss_version=version, service=service) for service in SERVICES), outcome="REJECTEDCRED")


@pytest.mark.parametrize("procedure", [4, 5, 6, 7, 0xFFFFFFFF])
def test_procedures(gss_standing, procedure):
    """gss_proc {procedure} is AUTH_BADCRED, with a context's handle and without [G1, G2, G3]"""
    gss_standing.denied(gss_standing.message(gss_procedure=procedure), gss_standing.message(gss_procedure=procedure, handle=b""),
                        outcome="BADCRED")


@pytest.mark.parametrize("service", [0, 4, 5, 0xFFFFFFFF])
@pytest.mark.parametrize("procedure", [DATA, DESTROY])
def test_services(gss_standing, service, procedure):
    """service {service} on procedure {procedure} is AUTH_BADCRED, the header being signed [G1, G2]"""
    gss_standing.denied(gss_standing.attacker.message(PROGRAM, VERSION, 0, gss_procedure=procedure, service_number=service), outcome="BADCRED")


#= rfc2203#5.2.2
## a creation request names procedure 0
#= rfc2203#5.4
## DESTROY names procedure 0
@pytest.mark.parametrize("procedure", [1, 2, 0xFFFFFFFF])
def test_control_with_a_procedure(gss_standing, procedure):
    """INIT, CONTINUE_INIT and a signed DESTROY of procedure {procedure} are AUTH_BADCRED [G1]"""
    token = gss.Context(gss_standing.lab.ticket("alice")).token()
    handle = gss_standing.attacker.handle
    gss_standing.denied(gss.creation(PROGRAM, VERSION, token, procedure=procedure),
                        gss.creation(PROGRAM, VERSION, token, procedure=procedure, gss_procedure=CONTINUE_INIT, handle=handle),
                        gss_standing.attacker.message(PROGRAM, VERSION, procedure, gss_procedure=DESTROY), outcome="BADCRED")


#= rfc2203#5.2.2
## the first creation request has an empty handle
def test_init_with_a_handle(gss_standing):
    """INIT with a handle, a context's or another, is AUTH_BADCRED [G1]"""
    token = gss.Context(gss_standing.lab.ticket("alice")).token()
    gss_standing.denied(*(gss.creation(PROGRAM, VERSION, token, handle=handle) for handle in (gss_standing.attacker.handle, bytes(16), b"h")),
                        outcome="BADCRED")


#= rfc2203#5.2.2
## a creation request has an empty AUTH_NONE verifier
@pytest.mark.parametrize("verifier", [rpc.auth(rpc.Flavor.GSS, bytes(28)), rpc.auth(rpc.Flavor.SYS), rpc.auth(0, b"body"), rpc.auth(99)],
                         ids=["gss", "sys", "none with a body", "unknown"])
def test_init_verifier(gss_standing, verifier):
    """INIT and CONTINUE_INIT with another verifier than an empty AUTH_NONE are AUTH_BADVERF [G1]"""
    token = gss.Context(gss_standing.lab.ticket("alice")).token()
    gss_standing.denied(gss.creation(PROGRAM, VERSION, token, verifier=verifier),
                        gss.creation(PROGRAM, VERSION, token, gss_procedure=CONTINUE_INIT, handle=bytes(16), verifier=verifier), outcome="BADVERF")


@pytest.mark.parametrize("flavor", [rpc.Flavor.NONE, rpc.Flavor.SYS, 99])
def test_verifier_flavor(gss_standing, flavor):
    """a call whose verifier is of flavor {flavor:d}, good MIC or not, is AUTH_BADVERF for every service, and so is DESTROY [G1]"""
    messages = [gss_standing.message(service=service, verifier_flavor=flavor, mic=mic) for service in SERVICES for mic in (gss.same, put(b""))]
    messages.append(gss_standing.attacker.message(PROGRAM, VERSION, 0, gss_procedure=DESTROY, verifier_flavor=flavor))
    gss_standing.denied(*messages, outcome="BADVERF")


@pytest.mark.parametrize("flavor", [rpc.Flavor.NONE, rpc.Flavor.GSS])
@pytest.mark.parametrize("length", [401, 1 << 31, (1 << 32) - 1])
def test_declared_verifier_length(gss_standing, flavor, length):
    """a verifier of flavor {flavor:d} that declares {length} bytes is AUTH_BADVERF [G1, P11]"""
    credential = rpc.auth(rpc.Flavor.GSS, credential_body(gss_standing.attacker.handle, seq=1000))
    gss_standing.denied(u32(1, rpc.CALL, 2, *CALL) + credential + u32(flavor, length) + bytes(min(length, 404)), outcome="BADVERF")


def test_every_truncation(gss_standing):
    """a krb5p call that ends after any byte closes its connection, is AUTH_BADCRED, AUTH_BADVERF or GARBAGE_ARGS, and reaches nobody [G1]"""
    fixed, credential = 24, 24 + 8 + 36
    verifier = credential + 8 + len(gss_standing.attacker.mic(b""))

    def outcome(length: int) -> str:
        ends = ((fixed, "closed"), (credential, "AUTH_ERROR BADCRED"), (verifier, "AUTH_ERROR BADVERF"))
        return next((word for end, word in ends if length < end), "GARBAGE_ARGS")
    with gss_standing.nothing_forwarded():
        for length in range(1, len(gss_standing.message(service=gss.PRIVACY))):
            assert _outcome(gss_standing, gss_standing.message(service=gss.PRIVACY)[:length]) == outcome(length), length


def _outcome(scene, message: bytes) -> str:
    with scene.lab.connect() as connection:
        connection.send(rpc.record(message))
        try:
            return connection.read_reply().outcome
        except Closed:
            return "closed"


def test_rpc_version(gss_standing):
    """RPC version 3 is RPC_MISMATCH 2-2, before anything of RPCSEC_GSS is looked at [G1]"""
    with gss_standing.nothing_forwarded(), gss_standing.lab.connect() as connection:
        for service in SERVICES:
            assert gss.converse(connection, gss_standing.message(service=service, rpc_version=3)).outcome == "RPC_MISMATCH 2-2"


@pytest.mark.parametrize("kind,reason", [(1, "unexpected-reply"), (2, "bad-message-type")])
def test_message_type(gss_standing, kind, reason):
    """a signed message of type {kind} closes its connection [G1]"""
    gss_standing.closes(*(gss_standing.message(service=service, message_type=kind) for service in SERVICES), reason=reason)


def test_other_programs_header(gss_standing):
    """a signed header that was moved to another program, version, procedure or xid is CREDPROBLEM [G1]"""
    whole = gss_standing.message()
    moved = [gss.change(whole, at, bytes([whole[at] ^ 1])) for at in (3, 15, 19, 23)]
    gss_standing.denied(*moved, outcome=CREDPROBLEM)


def test_tls_probe_unaffected(gss_standing):
    """the AUTH_TLS probe is answered beside contexts as without them [P12]"""
    with gss_standing.lab.connect() as connection:
        assert connection.call(tirpc.PROGRAM, 1, 0, rpc.auth(rpc.Flavor.TLS)).outcome in ("SUCCESS", "AUTH_ERROR REJECTEDCRED")
    gss_standing.witnesses_work()
